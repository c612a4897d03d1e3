import { randomInt } from 'node:crypto';
import { acceptEvent } from '../model/acceptEvent';
import { createPools, expectBatch, failed } from '../__testUtils__/pools';
import { createTestStores } from '../__testUtils__/stores';

const stores = createTestStores();

/** Characters of four bytes each that compress badly, as an index entry must fit without help. */
function makeText(characters: number): string {
  return Array.from({ length: characters }, () =>
    String.fromCodePoint(randomInt(0x10000, 0x10ffff)),
  ).join('');
}

describe.each(stores.ids)(
  'the longest names that are accepted, on %s',
  storeId => {
    it('fit the indexes', async () => {
      const pools = createPools(await stores.open(storeId));
      const topic = makeText(127);
      const [event] = acceptEvent(
        { topic, eventPayload: {} },
        {
          source: 'test',
          maxPayloadBytes: 100,
          describe: () => ({
            key: makeText(256),
            deduplicationId: makeText(256),
          }),
        },
      );
      const id = 's'.repeat(512);
      await pools.subscriptions.register(id, [topic]);
      await pools.log.append([event]);
      await pools.settle(expectBatch(await pools.claim(id)), () => failed);
      await expect(pools.log.readById(event.id)).resolves.toMatchObject(event);
      await expect(pools.readDeliveries()).resolves.toEqual([[1, 'due', 1]]);
    });
  },
);
