import type { ReceivedRequest } from '@callboard/backstage-plugin-events-backend-test-utils';
import { WebhookVerifier } from '@callboard/webhook-verifier';
import fc from 'fast-check';
import * as standardwebhooks from 'standardwebhooks';
import * as svix from 'svix';
import { z } from 'zod';
import { makeEvent } from '../../__testUtils__/makeEvent';
import type { Endpoint } from '../../endpoints';
import { createWorlds } from './__testUtils__/createWorlds';
import type { WebhookWorld } from './__testUtils__/openWebhooks';

/*
 * Receivers that nobody here wrote, and our own, verify what endpoints are sent: while keys are rotated under them, and
 * whatever the events say.
 */

jest.setTimeout(60_000);

const worlds = createWorlds();
const { startWorld, startReceiver } = worlds;

/** Verifies a request with the keys that a receiver knows; throws if none fits. */
type Verify = (request: ReceivedRequest) => void;

const signatureHeaders = z.object({
  'webhook-id': z.string(),
  'webhook-timestamp': z.string(),
  'webhook-signature': z.string(),
});

const verifiers: Record<string, (key: string) => Verify> = {
  standardwebhooks: key => {
    const webhook = new standardwebhooks.Webhook(key);
    return ({ body, headers }) =>
      webhook.verify(body.toString(), signatureHeaders.parse(headers));
  },
  svix: key => {
    const webhook = new svix.Webhook(key);
    return ({ body, headers }) =>
      webhook.verify(body.toString(), signatureHeaders.parse(headers));
  },
  '@callboard/webhook-verifier': key => {
    const verifier = new WebhookVerifier({ keys: key });
    return request => verifier.verify(request);
  },
};

/** Answers 401 to what does not verify, with what it knows at that moment. */
async function startVerifying() {
  const rejected: unknown[] = [];
  let verify: Verify = () => {
    throw new Error('It knows no key yet');
  };
  const { receiver, url } = await startReceiver({
    answer: request => {
      try {
        verify(request);
        return { kind: 'answer', status: 200 };
      } catch (error) {
        rejected.push(error);
        return { kind: 'answer', status: 401 };
      }
    },
  });
  return {
    receiver,
    url,
    rejected,
    learn(next: Verify) {
      verify = next;
    },
  };
}

const hour = 3_600_000;
const rounds = 6;
const eventsPerRound = 50;

/**
 * Sends 300 events while the key is rotated five times: in the middle of each round, and the receiver learns the new key in
 * the middle of the next one.
 */
async function sendWhileRotating(
  world: WebhookWorld,
  options: {
    receiver: Awaited<ReturnType<typeof startVerifying>>;
    version: Endpoint['settings']['signatures'][number];
    /** Gives the receiver what it verifies with from now on. */
    teach(newest: string): Promise<void>;
    first: string;
  },
) {
  const { receiver, version, teach, first } = options;
  await teach(first);
  let toLearn: string | undefined;
  for (let round = 0; round < rounds; round += 1) {
    const keys = Array.from({ length: eventsPerRound }, (_, index) =>
      index % 3 === 0 ? undefined : `k${index % 7}`,
    );
    await world.publish(...keys);
    await receiver.receiver.waitFor(round * eventsPerRound + 10);
    if (toLearn !== undefined) {
      await teach(toLearn);
    }
    await receiver.receiver.waitFor(round * eventsPerRound + 20);
    if (round < rounds - 1) {
      const { signing } = await world.endpoints.rotate('e', {
        version,
        overlapMs: hour,
      });
      await world.webhooks.refresh();
      toLearn = signing;
    }
  }
  await world.untilSettled('e');
}

/** The versions of a request's signatures. */
const versionsOf = ({ headers }: ReceivedRequest) =>
  String(headers['webhook-signature'])
    .split(' ')
    .map(signature => signature.split(',')[0]);

/** Lets the keys that were rotated end: waits until they have, and has nobody sign with them any more. */
async function endOldKeys(world: WebhookWorld, count: number) {
  let ended = 0;
  while (ended < count) {
    ended += await world.endpoints.expireKeys();
  }
  await world.webhooks.refresh();
}

/** A receiver takes public keys from the JWKS of an endpoint (RFC 8037, section 2), in the order in which they stand. */
async function readPublicKeys({ endpoints, door }: WebhookWorld) {
  const endpoint = await endpoints.read('e');
  const { keys } = z
    .object({
      keys: z.array(
        z.object({
          kty: z.literal('OKP'),
          crv: z.literal('Ed25519'),
          x: z.base64url(),
        }),
      ),
    })
    .parse(endpoint && door.jwks(endpoint));
  return keys.map(
    ({ x }) => `whpk_${Buffer.from(x, 'base64url').toString('base64')}`,
  );
}

describe.each(worlds.ids)(
  'rotating the keys of an endpoint, on %s',
  storeId => {
    it.each(Object.keys(verifiers))(
      'has none of 300 requests rejected by %s, which learns each secret later',
      async name => {
        const verifier = verifiers[name];
        const receiver = await startVerifying();
        const world = await startWorld(storeId);
        const { signing } = await world.create('e', receiver.url, {
          retryScheduleMs: [0, 1, 1],
        });
        await sendWhileRotating(world, {
          receiver,
          version: 'v1',
          teach: async newest => receiver.learn(verifier(newest)),
          first: signing[0],
        });
        expect(receiver.rejected).toEqual([]);
        expect(receiver.receiver.requests).toHaveLength(
          rounds * eventsPerRound,
        );
        const attempts = await world.endpoints.summarizeAttempts('e', 0);
        expect(attempts).toMatchObject({
          attempts: rounds * eventsPerRound,
          delivered: rounds * eventsPerRound,
        });
        const last = receiver.receiver.requests.at(-1);
        expect(last && versionsOf(last)).toEqual(Array(rounds).fill('v1'));
      },
    );

    it('has none of 300 requests rejected by a receiver that reads the public keys now and then', async () => {
      const receiver = await startVerifying();
      const world = await startWorld(storeId);
      await world.create('e', receiver.url, {
        signatures: ['v1a'],
        retryScheduleMs: [0, 1, 1],
      });
      const [first] = await readPublicKeys(world);
      await sendWhileRotating(world, {
        receiver,
        version: 'v1a',
        first,
        // What there is by then, of which the newest was rotated in already.
        teach: async newest => {
          const keys = await readPublicKeys(world);
          expect(keys[0]).toBe(newest);
          const verifier = new WebhookVerifier({ keys });
          receiver.learn(request => verifier.verify(request));
        },
      });
      expect(receiver.rejected).toEqual([]);
      expect(receiver.receiver.requests).toHaveLength(rounds * eventsPerRound);
      await expect(readPublicKeys(world)).resolves.toHaveLength(rounds);
    });

    it('loses no event that is published right after a key was rotated, time and again', async () => {
      const { receiver, url } = await startReceiver();
      const world = await startWorld(storeId);
      await world.create('e', url);
      const ids: string[] = [];
      for (let round = 1; round <= 40; round += 1) {
        await world.endpoints.rotate('e', { version: 'v1', overlapMs: hour });
        await world.webhooks.refresh();
        const [event] = await world.publish('k');
        ids.push(event.id);
        await receiver.waitFor(round);
      }
      expect(
        receiver.requests.map(({ headers }) => headers['webhook-id']),
      ).toEqual(ids);
    });

    it.each(Object.keys(verifiers))(
      'ends with the overlap: the old secret verifies no more with %s, the new one does',
      async name => {
        const verifier = verifiers[name];
        const { receiver, url } = await startReceiver();
        const world = await startWorld(storeId);
        const { signing } = await world.create('e', url);
        const old = verifier(signing[0]);
        await world.publish('k');
        await receiver.waitFor(1);
        const rotated = await world.endpoints.rotate('e', {
          version: 'v1',
          overlapMs: 300,
        });
        const current = verifier(rotated.signing);
        await world.webhooks.refresh();
        await world.publish('k');
        await receiver.waitFor(2);
        await endOldKeys(world, 1);
        await world.publish('k');
        const [before, , after] = await receiver.waitFor(3);
        old(before);
        expect(() => current(before)).toThrow();
        current(after);
        expect(() => old(after)).toThrow();
        expect(versionsOf(after)).toEqual(['v1']);
      },
    );

    it('ends with the overlap for public keys too, which leave the JWKS', async () => {
      const { receiver, url } = await startReceiver();
      const world = await startWorld(storeId);
      await world.create('e', url, { signatures: ['v1', 'v1a'] });
      const [old] = await readPublicKeys(world);
      await world.publish('k');
      await receiver.waitFor(1);
      const { signing: current } = await world.endpoints.rotate('e', {
        version: 'v1a',
        overlapMs: 300,
      });
      await expect(readPublicKeys(world)).resolves.toEqual([current, old]);
      await endOldKeys(world, 1);
      await expect(readPublicKeys(world)).resolves.toEqual([current]);
      await world.publish('k');
      const [before, after] = await receiver.waitFor(2);
      const verify = (key: string, request: ReceivedRequest) =>
        new WebhookVerifier({ keys: key }).verify(request);
      verify(old, before);
      verify(current, after);
      expect(() => verify(old, after)).toThrow('No signature of the request');
      expect(() => verify(current, before)).toThrow(
        'No signature of the request',
      );
      expect(versionsOf(after).sort()).toEqual(['v1', 'v1a']);
    });

    it('at once, without an overlap, leaves no request that the old secret verifies', async () => {
      const { receiver, url } = await startReceiver();
      const world = await startWorld(storeId);
      const { signing } = await world.create('e', url);
      const { signing: current } = await world.endpoints.rotate('e', {
        version: 'v1',
        overlapMs: 0,
      });
      await world.webhooks.refresh();
      await world.publish('k');
      const [request] = await receiver.waitFor(1);
      verifiers.standardwebhooks(current)(request);
      expect(() => verifiers.standardwebhooks(signing[0])(request)).toThrow();
    });
  },
);

/** Any text: of whole characters, and of halves of them, which JSON writes as escapes. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 })
    .map(units => String.fromCharCode(...units)),
);
const anyPayload = fc.oneof(
  anyText,
  fc.dictionary(anyText, fc.oneof(anyText, fc.double(), fc.boolean()), {
    maxKeys: 5,
  }),
  fc.array(anyText, { maxLength: 5 }),
  fc.jsonValue({ stringUnit: 'binary' }),
);

describe.each(worlds.ids)('any body, on %s', storeId => {
  it('verifies with receivers that nobody here wrote, 1,000 of them, and says what was published', async () => {
    const { receiver, url } = await startReceiver();
    const world = await startWorld(storeId);
    const { signing } = await world.create('e', url);
    const verifying = Object.values(verifiers).map(open => open(signing[0]));
    let verified = 0;
    const payloads = fc.array(anyPayload, { minLength: 100, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(payloads, async values => {
        const came = receiver.requests.length;
        const events = values.map(value =>
          makeEvent('t', { payload: JSON.stringify(value) }),
        );
        await world.pools.log.append(events);
        world.notifier.notify(new Set(['t']));
        const requests = (await receiver.waitFor(came + 100)).slice(came);
        const said = new Map(
          requests.map(request => {
            verifying.forEach(verify => verify(request));
            verified += 1;
            return [request.headers['webhook-id'], request.body.toString()];
          }),
        );
        for (const { id, payload } of events) {
          expect(said.get(id)).toContain(
            `{"topic":"t","eventPayload":${payload},"metadata":{`,
          );
        }
      }),
      { numRuns: 10, endOnFailure: true },
    );
    expect(verified).toBe(1_000);
  });
});
