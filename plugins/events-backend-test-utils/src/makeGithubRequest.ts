import { createHmac, randomUUID } from 'node:crypto';

/**
 * A webhook as GitHub sends it.
 *
 * @public
 */
export interface GithubRequest {
  headers: Record<string, string>;
  /** Byte for byte what is signed. */
  body: Buffer;
}

/**
 * Makes the request that GitHub would send for an event.
 *
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
 *
 * @param options.event - its name, such as `push`
 * @param options.payload - the body, as an object or as text
 * @param options.secret - what it is signed with
 * @param options.delivery - a new id unless given
 *
 * @public
 */
export function makeGithubRequest(options: {
  event: string;
  payload: unknown;
  secret: string;
  delivery?: string;
}): GithubRequest {
  const { event, payload, secret, delivery = randomUUID() } = options;
  const body = Buffer.from(
    typeof payload === 'string' ? payload : JSON.stringify(payload),
  );
  const digest = createHmac('sha256', secret).update(body).digest('hex');
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/044aadd',
      'x-github-delivery': delivery,
      'x-github-event': event,
      'x-github-hook-id': '292430182',
      'x-github-hook-installation-target-id': '79929171',
      'x-github-hook-installation-target-type': 'repository',
      'x-hub-signature-256': `sha256=${digest}`,
    },
    body,
  };
}
