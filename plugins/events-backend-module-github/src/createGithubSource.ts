import type { EventParams } from '@backstage/plugin-events-node';
import {
  verifyHmac,
  type IngressRequest,
  type IngressSource,
  type IngressVerdict,
  type SourceDescription,
} from '@callboard/backstage-plugin-events-node';
import type { GithubSecrets } from './readGithubSecrets';

/** Names of events are lower case with digits and underscores; anything else is no topic. */
const eventName = /^[a-z][a-z0-9_]{0,99}$/;

/**
 * What Callboard knows about webhooks of GitHub.
 *
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
 */
export function createGithubSource(secrets: GithubSecrets): IngressSource {
  return {
    topic: 'github',
    verify: async request => verify(secrets, request),
    describe,
  };
}

/**
 * Checks the signature over the raw bytes.
 *
 * A webhook of an app names the app in its headers, so the app's secret is found without asking GitHub. The header only
 * chooses which of the configured secrets to try; it proves nothing.
 */
function verify(
  secrets: GithubSecrets,
  { headers, body }: IngressRequest,
): IngressVerdict {
  if (secrets.allowUnauthenticated) {
    return { accepted: true };
  }
  const appId =
    headers['x-github-hook-installation-target-type'] === 'integration'
      ? headers['x-github-hook-installation-target-id']
      : undefined;
  const candidates = [
    ...secrets.generic,
    ...(typeof appId === 'string' ? secrets.byApp.get(appId) ?? [] : []),
  ];
  if (candidates.length === 0) {
    return {
      accepted: false,
      reason: 'no_secret',
      message:
        'no webhook secret is configured; set events.modules.github.webhookSecret',
    };
  }
  const signature = headers['x-hub-signature-256'];
  const valid =
    typeof signature === 'string' &&
    verifyHmac({
      body,
      signature,
      secrets: candidates,
      scheme: { algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=' },
    });
  return valid
    ? { accepted: true }
    : { accepted: false, reason: 'signature', message: 'invalid signature' };
}

/** Key: the repository. Deduplication: the delivery, which GitHub repeats when a delivery is sent again. */
function describe({ metadata, eventPayload }: EventParams): SourceDescription {
  const name = metadata?.['x-github-event'];
  const delivery = metadata?.['x-github-delivery'];
  return {
    key: readRepository(eventPayload),
    deduplicationId:
      typeof delivery === 'string' && delivery !== '' && delivery.length <= 255
        ? delivery
        : undefined,
    subtopics:
      typeof name === 'string' && eventName.test(name)
        ? [`github.${name}`]
        : [],
  };
}

/** The id stays when a repository is renamed or moved; its name does not. */
function readRepository(payload: unknown): string | undefined {
  const repository = readField(payload, 'repository');
  const id = readField(repository, 'id');
  return typeof id === 'number' ? `github:repository:${id}` : undefined;
}

function readField(value: unknown, name: string): unknown {
  return typeof value === 'object' &&
    value !== null &&
    Object.hasOwn(value, name)
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}
