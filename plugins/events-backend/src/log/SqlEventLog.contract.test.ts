import { describeEventLogContract } from '@callboard/backstage-plugin-events-backend-test-utils';
import { createTestStores } from '../__testUtils__/stores';
import { SqlEventLog } from './SqlEventLog';

const stores = createTestStores();
afterEach(stores.close);

for (const storeId of stores.ids) {
  describeEventLogContract(`SqlEventLog on ${storeId}`, async () => {
    const store = await stores.openInSchema(storeId);
    return {
      log: new SqlEventLog(store),
      openReplica: async () => new SqlEventLog(stores.openReplica(store)),
      reopen: async () => new SqlEventLog(await stores.reopen(store)),
      refuse: async topic => {
        await store.knex.raw(
          storeId === 'SQLITE_FILE'
            ? `CREATE TRIGGER refusal BEFORE INSERT ON callboard_events WHEN NEW.topic = '${topic}'
               BEGIN SELECT RAISE(ABORT, 'refusal'); END`
            : `ALTER TABLE callboard_events ADD CONSTRAINT refusal CHECK (topic <> '${topic}')`,
        );
      },
    };
  });
}
