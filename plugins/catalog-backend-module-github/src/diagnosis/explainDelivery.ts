import type { HintRecord } from '../repositories';

/** An event of a delivery, as the events plugin explains it. */
export interface ExplainedEvent {
  id: string;
  topic: string;
  time: string;
  /** Who got it, who did not and why. */
  explanation: string;
  /** Undefined for those who may not read deliveries. */
  recipients?: { subscriptionId: string; explanation: string }[];
}

/**
 * Says in one sentence or two what became of a delivery: pure.
 *
 * @param events - undefined when the events plugin cannot be asked
 * @param hints - what providers made of it
 * @param providers - the names of all providers
 */
export function explainDelivery(
  events: readonly ExplainedEvent[] | undefined,
  hints: readonly HintRecord[],
  providers: readonly string[],
): string {
  if (hints.length === 0) {
    return explainSilence(events, providers);
  }
  const pending = hints.filter(({ state }) => state === 'pending');
  if (pending.length > 0) {
    return `${pending.length} of ${
      hints.length
    } hints still wait to be followed${
      pending[0].outcome ? `: ${pending[0].outcome}` : ''
    }`;
  }
  const settled = hints.filter(({ state }) => state === 'settled');
  if (settled.length === 0) {
    return `Nothing changed: every provider passed it over. ${describeAll(
      hints,
    )}`;
  }
  return describeAll(settled);
}

function explainSilence(
  events: readonly ExplainedEvent[] | undefined,
  providers: readonly string[],
): string {
  if (providers.length === 0) {
    return 'No provider is configured, so nobody follows it: set catalog.providers.github';
  }
  if (!events) {
    return 'No provider has looked at it, and the events plugin could not be asked whether it arrived';
  }
  if (events.length === 0) {
    return "The log has no event of this delivery: it did not arrive, was refused, or is older than the retention. GitHub's page of recent deliveries shows how it was answered: 403 means that its secret is not that of events.modules.github.webhookSecret, and 404 that its URL does not end with /api/events/http/github";
  }
  const topics = events.map(({ topic }) => topic).filter(isSubtopic);
  return topics.length > 0
    ? `It arrived as ${topics.join(
        ' and ',
      )}, and no provider has looked at it yet: providers read github.push, github.repository, github.installation and github.installation_repositories; for other topics nothing follows`
    : 'It arrived, but as no topic that a provider reads: it has no header X-GitHub-Event';
}

function isSubtopic(topic: string): boolean {
  return topic !== 'github';
}

function describeAll(hints: readonly HintRecord[]): string {
  return hints
    .map(({ provider, outcome }) => `${provider}: ${outcome}`)
    .filter((line, index, lines) => lines.indexOf(line) === index)
    .join('. ');
}
