import { isUtf8 } from 'node:buffer';
import { WebhookVerifier } from '@callboard/webhook-verifier';
import fc from 'fast-check';
import * as standardwebhooks from 'standardwebhooks';
import * as svix from 'svix';
import {
  createKeyPair,
  createSecret,
  parseSigner,
  signRequest,
  type SignatureHeaders,
} from './index';

/*
 * Receivers verify what we sign: two that nobody here wrote, and our own.
 *
 * Those of the npm packages know `v1` alone, and read a body as UTF-8 before they verify it. `svix` parses it as JSON
 * afterwards, come what may.
 */

type Receiver = (body: Buffer, headers: SignatureHeaders) => void;

const receivers: Record<string, (key: string) => Receiver> = {
  standardwebhooks: key => {
    const webhook = new standardwebhooks.Webhook(key);
    return (body, headers) =>
      webhook.verify(body, { ...headers }, { jsonParse: false });
  },
  svix: key => {
    const webhook = new svix.Webhook(key);
    return (body, headers) => webhook.verify(body, { ...headers });
  },
  '@callboard/webhook-verifier': key => {
    const verifier = new WebhookVerifier({ keys: key });
    return (body, headers) =>
      verifier.verify({ headers: { ...headers }, body });
  },
};

const uuid = fc.uuid({ version: 7 });
const json = fc
  .jsonValue({ stringUnit: 'binary' })
  .map(value => Buffer.from(JSON.stringify(value)));
const utf8 = fc
  .string({ unit: 'binary', maxLength: 2_000 })
  .map(text => Buffer.from(text));
const binary = fc
  .uint8Array({ minLength: 1, maxLength: 2_000 })
  .filter(bytes => !isUtf8(bytes))
  .map(bytes => Buffer.from(bytes));

const nowSeconds = () => Math.floor(Date.now() / 1_000);

function signNow(id: string, body: Buffer, keys: readonly string[]) {
  return signRequest({
    id,
    timestampSeconds: nowSeconds(),
    body,
    signers: keys.map(parseSigner),
  });
}

/** Has a receiver verify 1,000 requests, and refuse each when its body is another. */
function verifyThousand(
  bodies: fc.Arbitrary<Buffer>,
  keys: readonly string[],
  receive: Receiver,
) {
  let verified = 0;
  fc.assert(
    fc.property(uuid, bodies, (id, body) => {
      const headers = signNow(id, body, keys);
      receive(body, headers);
      verified += 1;
      const changed = Buffer.concat([body, Buffer.from(' ')]);
      expect(() => receive(changed, headers)).toThrow(/signature/);
    }),
    { numRuns: 1_000 },
  );
  expect(verified).toBe(1_000);
}

const secret = createSecret();
const { privateKey, publicKey } = createKeyPair();

describe.each(Object.keys(receivers))('the receiver %s', name => {
  const open = receivers[name];

  it('verifies 1,000 bodies of JSON', () => {
    verifyThousand(json, [secret], open(secret));
  });

  it('finds its signature among others, of versions that it may not know', () => {
    const keys = [privateKey, createSecret(), secret];
    verifyThousand(json, keys, open(secret));
  });

  it('refuses none while a secret is rotated, whether it knows the new one or the old one', () => {
    const old = createSecret();
    const current = createSecret();
    const verify = (signedWith: string[], knows: string) =>
      fc.assert(
        fc.property(uuid, json, (id, body) => {
          open(knows)(body, signNow(id, body, signedWith));
        }),
      );
    verify([old], old);
    verify([current, old], old);
    verify([current, old], current);
    verify([current], current);
    expect(() => verify([current], old)).toThrow();
  });
});

describe.each(['standardwebhooks', '@callboard/webhook-verifier'])(
  'the receiver %s, which does not insist on JSON',
  name => {
    it('verifies 1,000 bodies of any text', () => {
      verifyThousand(utf8, [secret], receivers[name](secret));
    });
  },
);

describe('bodies that are not UTF-8', () => {
  it.each(['standardwebhooks', 'svix'])(
    'are beyond %s, which replaces their bytes before it verifies them',
    name => {
      const receive = receivers[name](secret);
      fc.assert(
        fc.property(uuid, binary, (id, body) => {
          const headers = signNow(id, body, [secret]);
          expect(() => receive(body, headers)).toThrow(
            'No matching signature found',
          );
        }),
      );
    },
  );

  it.each([
    ['v1', secret, secret],
    ['v1a', privateKey, publicKey],
  ])('verify with our own verifier, 1,000 of them, as %s', (_, signer, key) => {
    const receive = receivers['@callboard/webhook-verifier'](key);
    verifyThousand(binary, [signer], receive);
  });
});

describe('ed25519', () => {
  it('verifies with our own verifier, over 1,000 bodies of any text', () => {
    const receive = receivers['@callboard/webhook-verifier'](publicKey);
    verifyThousand(utf8, [privateKey], receive);
  });

  it('is rotated as secrets are, also from a secret', () => {
    const body = Buffer.from('{}');
    const other = createKeyPair();
    const open = receivers['@callboard/webhook-verifier'];
    const rotations = [
      {
        signers: [other.privateKey, privateKey],
        known: [other, { publicKey }],
      },
      {
        signers: [privateKey, secret],
        known: [{ publicKey }, { publicKey: secret }],
      },
    ];
    for (const { signers, known } of rotations) {
      for (const each of known) {
        open(each.publicKey)(body, signNow('a', body, signers));
      }
    }
    expect(() =>
      open(publicKey)(body, signNow('a', body, [other.privateKey])),
    ).toThrow('No signature of the request');
  });
});
