import type { EventParams } from '@backstage/plugin-events-node';
import type {
  AppendOutcome,
  NewEvent,
  Notifier,
  SourceDescription,
} from '@callboard/backstage-plugin-events-node';
import { acceptEvent } from '../model/acceptEvent';

/** What became of an event that was accepted. */
export interface Accepted {
  id: string;
  /** Whether the log had it already. */
  duplicate: boolean;
}

/**
 * Takes an event in: checks, names and keys it, and resolves when it is durable.
 *
 * @param params - the event
 * @param options.source - where it comes from, such as `catalog` or `http/github`
 * @param options.timeLimitMs - how long to try while the store is away
 * @throws InputError when it cannot be stored as it is
 * @throws ServiceUnavailableError when the store stayed away
 */
export type Accept = (
  params: EventParams,
  options: { source: string; timeLimitMs: number },
) => Promise<Accepted>;

/**
 * Makes the one way into the log, for ingresses and publishers alike.
 */
export function createAccept(options: {
  append: (
    events: readonly NewEvent[],
    timeLimitMs: number,
  ) => Promise<AppendOutcome[]>;
  notifier: Notifier;
  /** What the source of a topic says about an event; undefined when the topic has no source. */
  describe: (params: EventParams) => SourceDescription | undefined;
  /** The current span in the W3C format. */
  readTraceparent: () => string | undefined;
  maxPayloadBytes: number;
}): Accept {
  const { append, notifier, describe, readTraceparent, maxPayloadBytes } =
    options;
  return async (params, { source, timeLimitMs }) => {
    const events = acceptEvent(params, {
      source,
      describe: event => describe(event) ?? {},
      traceparent: readTraceparent(),
      maxPayloadBytes,
    });
    const outcomes = await append(events, timeLimitMs);
    const appended = events.filter((_, index) => outcomes[index].appended);
    if (appended.length > 0) {
      notifier.notify(new Set(appended.map(({ topic }) => topic)));
    }
    return { id: events[0].id, duplicate: !outcomes[0].appended };
  };
}
