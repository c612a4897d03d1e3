import fc from 'fast-check';
import { createTestStores, type StoreId } from './__testUtils__/stores';
import { anyInterleaving } from './__testUtils__/promises/Interleaving';
import {
  openReplicas,
  type SteppedReplicas,
} from './__testUtils__/promises/openReplicas';
import { playInterleaving } from './__testUtils__/promises/playInterleaving';
import { findBrokenPromises } from './__testUtils__/promises/rules/findBrokenPromises';
import type { Store } from './database';

const stores = createTestStores();
jest.setTimeout(600_000);

describe.each(stores.ids)('the promises, on %s', (storeId: StoreId) => {
  let store: Store;
  let replicas: SteppedReplicas;
  beforeAll(async () => {
    store = await stores.open(storeId);
    replicas = await openReplicas(store, 3);
  });
  afterAll(() => replicas.destroy());

  it('are kept', async () => {
    let n = 0;
    const t0 = Date.now();
    const result = await fc.check(
      fc.asyncProperty(
        anyInterleaving(40),
        fc.scheduler(),
        async (interleaving, scheduler) => {
          n++;
          const history = await playInterleaving(
            store,
            replicas,
            interleaving,
            scheduler,
          );
          expect(findBrokenPromises(history)).toEqual([]);
        },
      ),
      {
        numRuns: 100,
        seed: Number(process.env.SEED ?? Date.now()),
        interruptAfterTimeLimit: 120_000,
        markInterruptAsFailure: true,
      },
    );
    process.stdout.write(`${storeId} runs ${n} in ${Date.now() - t0} ms\n`);
    if (result.failed) {
      throw new Error(fc.defaultReportMessage(result));
    }
  });
});
