import { randomUUID } from 'node:crypto';
import {
  describeNotifierContract,
  describeReplicatedNotifierContract,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { cutConnections, startNotifier } from '../__testUtils__/startNotifier';
import { createTestStores } from '../__testUtils__/stores';
import type { PostgresNotifier } from './PostgresNotifier';

const stores = createTestStores();
const started: PostgresNotifier[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map(each => each.stop()));
  await stores.close();
});

const shared = stores.ids.filter(id => id === 'POSTGRES_15');

(shared.length > 0 ? describe.each(shared) : describe.skip.each(['none']))(
  'on %s',
  () => {
    describeNotifierContract('PostgresNotifier', async () => {
      const { knex } = await stores.openInSchema('POSTGRES_15');
      const { notifier } = startNotifier(knex);
      started.push(notifier);
      return notifier;
    });

    describeReplicatedNotifierContract('PostgresNotifier', async () => {
      const store = await stores.openInSchema('POSTGRES_15');
      const name = `other-${randomUUID()}`;
      const one = startNotifier(store.knex);
      const other = startNotifier(stores.openReplica(store, name).knex);
      started.push(one.notifier, other.notifier);
      await Promise.all([one.untilListening(true), other.untilListening(true)]);
      return {
        one: one.notifier,
        other: other.notifier,
        cut: () => cutConnections(store.knex, name),
      };
    });
  },
);
