import fc from 'fast-check';
import type { Batch } from '../model/batch';
import {
  createPools,
  createSubscribedPools,
  delivered,
  failed,
  type Pools,
} from '../__testUtils__/pools';
import { createTestStores } from '../__testUtils__/stores';

const stores = createTestStores();

type Step =
  | { do: 'publish'; keys: (string | undefined)[] }
  | { do: 'claim'; reader: number; maxEvents: number; patienceMs: number }
  | { do: 'settle'; reader: number; failKeys: (string | undefined)[] }
  | { do: 'lapse'; reader: number }
  | { do: 'passPauses' };

const key = fc.constantFrom('x', 'y', undefined);
const reader = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      keys: fc.array(key, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      reader,
      maxEvents: fc.integer({ min: 1, max: 4 }),
      patienceMs: fc.constantFrom(0, 60_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      reader,
      failKeys: fc.subarray(['x', 'y', undefined]),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('lapse' as const), reader }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('passPauses' as const) }),
  },
);

/** What a run has shown so far, checked against the promises at each step. */
class Witness {
  /** Positions and keys in the hands of readers, by ticket. */
  readonly inHand = new Map<string, Batch>();
  readonly delivered = new Map<number, number>();
  readonly #done = new Map<string, number>();

  claimed(batch: Batch): void {
    const held = [...this.inHand.values()].flatMap(({ events }) => events);
    const heldPositions = new Set(held.map(({ event }) => event.position));
    const heldKeys = new Set(held.map(({ event }) => event.key));
    for (const { event } of batch.events) {
      expect(heldPositions).not.toContain(event.position);
      if (event.key !== undefined) {
        expect(heldKeys).not.toContain(event.key);
      }
    }
    this.inHand.set(batch.ticket, batch);
  }

  /** An event is delivered: behind every earlier one of its key, and once. */
  handled(event: { position: number; key: string | undefined }): void {
    const { position } = event;
    this.delivered.set(position, (this.delivered.get(position) ?? 0) + 1);
    expect(this.delivered.get(position)).toBe(1);
    if (event.key !== undefined) {
      expect(position).toBeGreaterThan(this.#done.get(event.key) ?? 0);
      this.#done.set(event.key, position);
    }
  }
}

async function settle(
  pools: Pools,
  witness: Witness,
  batch: Batch,
  failKeys: readonly (string | undefined)[],
): Promise<void> {
  const stuck = new Set<string>();
  const ordered = [...batch.events].sort(
    (a, b) => a.event.position - b.event.position,
  );
  for (const { event } of ordered) {
    if (failKeys.includes(event.key)) {
      stuck.add(event.key ?? '');
    } else if (event.key === undefined || !stuck.has(event.key)) {
      witness.handled(event);
    }
  }
  await expect(
    pools.settle({ ...batch, events: ordered }, ({ event }) =>
      failKeys.includes(event.key) ? failed : delivered,
    ),
  ).resolves.toBe(true);
  witness.inHand.delete(batch.ticket);
}

describe.each(stores.ids)(
  'readers that share a subscription on %s',
  storeId => {
    it('get each event once and each key in order, whatever the interleaving', async () => {
      const store = await stores.open(storeId);
      const replica = stores.openReplica(store);
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 15, maxLength: 50, size: 'max' }),
          async steps => {
            await Promise.all(
              [
                'subscriptions',
                'subscription_topics',
                'batches',
                'deliveries',
                'attempts',
              ].map(table => store.knex(`callboard_${table}`).delete()),
            );
            const unlimited = { maxAttempts: 1_000 };
            const first = await createSubscribedPools(store, unlimited);
            const readers = [first, createPools(replica, unlimited)];
            const holding: Batch[][] = [[], []];
            const witness = new Witness();
            const start = await first.log.tail();

            for (const each of steps) {
              switch (each.do) {
                case 'publish':
                  await first.publish(...each.keys);
                  break;
                case 'claim': {
                  const batch = await readers[each.reader].claim('s', each);
                  if (batch) {
                    witness.claimed(batch);
                    holding[each.reader].push(batch);
                  }
                  break;
                }
                case 'settle': {
                  const batch = holding[each.reader].shift();
                  if (batch) {
                    await settle(
                      readers[each.reader],
                      witness,
                      batch,
                      each.failKeys,
                    );
                  }
                  break;
                }
                case 'lapse': {
                  const batch = holding[each.reader].shift();
                  if (batch) {
                    await first.lapse(batch);
                    await first.subscriptions.rescueLapsed(10);
                    witness.inHand.delete(batch.ticket);
                    await expect(first.settle(batch)).resolves.toBe(false);
                  }
                  break;
                }
                default:
                  await first.passPauses();
              }
            }

            // In the end everything gets through.
            for (const batch of holding.flat()) {
              await settle(first, witness, batch, []);
            }
            await first.passPauses();
            let rest = await first.claim('s');
            while (rest) {
              witness.claimed(rest);
              await settle(first, witness, rest, []);
              rest = await first.claim('s');
            }
            const { events } = await first.log.readAfter(
              start,
              {},
              { events: 1_000, bytes: 1_000_000 },
            );
            expect([...witness.delivered.keys()].sort((a, b) => a - b)).toEqual(
              events.map(({ position }) => position),
            );
          },
        ),
        { numRuns: 50 },
      );
    }, 120_000);

    it('claim no event twice when they claim side by side', async () => {
      const store = await stores.open(storeId);
      const first = await createSubscribedPools(store);
      const readers = [first, createPools(stores.openReplica(store))];
      const keys = Array.from(
        { length: 200 },
        (_, index) => `key ${index % 7}`,
      );
      await first.publish(...keys);

      const handled: number[] = [];
      const last = new Map<string, number>();
      await Promise.all(
        [0, 1, 0, 1].map(async index => {
          const pools = readers[index];
          while (handled.length < keys.length) {
            const batch = await pools.claim('s', {
              maxEvents: 9,
              patienceMs: 0,
            });
            for (const { event } of batch?.events ?? []) {
              handled.push(event.position);
              const name = event.key ?? '';
              expect(event.position).toBeGreaterThan(last.get(name) ?? 0);
              last.set(name, event.position);
            }
            if (batch) {
              await pools.settle(batch);
            }
          }
        }),
      );
      expect(new Set(handled).size).toBe(keys.length);
      expect(handled).toHaveLength(keys.length);
    });
  },
);
