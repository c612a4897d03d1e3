import { NotFoundError } from '@backstage/errors';
import { createSubscribedPools } from '../__testUtils__/pools';
import { createTestStores } from '../__testUtils__/stores';
import { findEvent, findMatching } from './findReplayed';

const stores = createTestStores();

describe.each(stores.ids)('finding what is replayed, on %s', storeId => {
  it('does not find what is being trimmed: what is owed of it would go with it', async () => {
    const { log, publish, store } = await createSubscribedPools(
      await stores.open(storeId),
    );
    const [trimmed, kept] = await publish('k', 'k');
    // A process that trims moves the head, and may vanish before it removes the events.
    await store.knex('callboard_log').update({ head: 1 });

    await expect(findEvent(log, trimmed.id)).rejects.toThrow(NotFoundError);
    await expect(findEvent(log, kept.id)).resolves.toMatchObject({
      position: 2,
    });
    await expect(findMatching(log, { topic: 't' })).resolves.toMatchObject([
      { id: kept.id },
    ]);
  });
});
