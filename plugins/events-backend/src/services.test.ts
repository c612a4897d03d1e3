import { createTestStores } from './__testUtils__/stores';
import { startPortal } from './__testUtils__/startPortal';

const stores = createTestStores();

describe('a system that cannot be built', () => {
  it('leaves no rejection unhandled when its plugin fails before it waits for it', async () => {
    const knex = await stores.openEmpty(stores.ids[0]);
    await expect(
      startPortal({
        knex,
        config: {
          events: { http: { maxBodyBytes: 0 }, log: { maxEvents: 0 } },
        },
      }),
    ).rejects.toThrow('events.http.maxBodyBytes');
    // Jest fails what leaves a rejection unhandled, which Node.js tells after the turn.
    await new Promise(setImmediate);
  });
});
