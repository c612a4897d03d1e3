import { createHmac } from 'node:crypto';
import examples from '@octokit/webhooks-examples';

/** A push as GitHub sends it, but for the delivery id, which is new each time. */
export interface SignedPush {
  body: string;
  bytes: number;
  headers: Record<string, string>;
}

const wantedBytes = 7_000;

/**
 * Takes the recorded push whose size is closest to 7 kB, and signs it.
 *
 * @param secret - of the webhook
 */
export function createPush(secret: string): SignedPush {
  const pushes = examples
    .filter(({ name }) => name === 'push')
    .flatMap(definition => definition.examples)
    .map(example => JSON.stringify(example));
  const distance = (body: string) =>
    Math.abs(Buffer.byteLength(body) - wantedBytes);
  const [body] = pushes.sort((a, b) => distance(a) - distance(b));
  return {
    body,
    bytes: Buffer.byteLength(body),
    headers: {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/044aadd',
      'x-github-event': 'push',
      'x-github-hook-id': '292430182',
      'x-github-hook-installation-target-id': '79929171',
      'x-github-hook-installation-target-type': 'repository',
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret)
        .update(body)
        .digest('hex')}`,
    },
  };
}
