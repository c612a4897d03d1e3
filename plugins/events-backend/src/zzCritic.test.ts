import { mockServices } from '@backstage/backend-test-utils';
import createKnex from 'knex';
import { createTestStores } from './__testUtils__/stores';
import { createSubscribedPools, expectBatch, failed } from './__testUtils__/pools';
import { makeEvent } from './__testUtils__/makeEvent';
import { untilBlocked } from './__testUtils__/untilBlocked';
import { openStore } from './database';
import { acceptEvent } from './model/acceptEvent';
import { newEventId } from './model/eventId';
import { readHeaders } from './model/headers';

const stores = createTestStores();
const sleep = (ms: number) => new Promise(r => setTimeout(r, ms));

describe('critic', () => {
  it('NUL in a handler error', async () => {
    const pools = await createSubscribedPools(await stores.open('POSTGRES_15'));
    await pools.publish('k', 'l');
    const batch = expectBatch(await pools.claim('s'));
    const error = await pools
      .settle(batch, () => ({ kind: 'failed', error: 'bad \0 ref', durationMs: 1 }))
      .catch((e: any) => e);
    console.log('NUL settle:', String(error.code), String(error.message ?? error).slice(-120));
  });

  it('payload in error', async () => {
    for (const id of ['POSTGRES_15', 'SQLITE_FILE'] as const) {
      const pools = await createSubscribedPools(await stores.open(id));
      await pools.store.knex.schema.alterTable('callboard_events', t => { t.string('x').notNullable().defaultTo('y'); });
      await pools.store.knex.schema.renameTable('callboard_events', 'gone');
      const error = await pools.log.append([makeEvent('t', { payload: '"SECRET-IN-PAYLOAD"' })]).catch((e: any) => e);
      console.log(id, 'error message holds payload:', error.message.includes('SECRET-IN-PAYLOAD'), error.constructor.name, error.message.length);
    }
  });

  it('fan-out', async () => {
    const metadata = { 'callboard-event-id': newEventId(), 'callboard-event-topic': 'bulk' };
    const ids = [1, 2, 3].map(n => acceptEvent({ topic: 'item', eventPayload: n, metadata }, { source: 'x', maxPayloadBytes: 1000 })[0].id);
    console.log('fan-out distinct ids:', new Set(ids).size);
  });

  it('headers', async () => {
    console.log(readHeaders({ 'x-webhook-pass': 's', 'x-amzn-oidc-accesstoken': 's', 'x-amzn-oidc-data': 's', 'x-functions-key': 's', 'x-authtoken': 's' }));
  });

  it('migrations side by side', async () => {
    const first = await stores.openEmpty('POSTGRES_15');
    const { client, connection } = first.client.config;
    const all = [1, 2, 3].map(() => createKnex({ client, connection, pool: { min: 0, max: 5 } }));
    const results = await Promise.allSettled(all.map(knex => openStore({ database: mockServices.database({ knex }), logger: mockServices.logger.mock() })));
    console.log(results.map(r => (r.status === 'rejected' ? `${r.reason.name}: ${String(r.reason.message).slice(0, 150)}` : 'ok')));
    // killed while migrating
    await all[0]('callboard_knex_migrations_lock').update({ is_locked: 1 });
    const again = await openStore({ database: mockServices.database({ knex: all[1] }), logger: mockServices.logger.mock() }).catch((e: any) => e);
    console.log('after kill, nothing to migrate:', again instanceof Error ? again.message : 'ok');
    await all[0]('callboard_knex_migrations').delete();
    const third = await openStore({ database: mockServices.database({ knex: all[1] }), logger: mockServices.logger.mock() }).catch((e: any) => e);
    console.log('after kill in migration:', third instanceof Error ? third.message : 'ok');
    await Promise.all(all.map(k => k.destroy()));
  });

  it('removeTrimmed vs settle of another subscription', async () => {
    const store = await stores.open('POSTGRES_15');
    const pools = await createSubscribedPools(store);
    await pools.subscriptions.register('a', ['t']);
    await pools.publish('k', 'k');
    // a has a dead-ish owed delivery at 1
    const a = expectBatch(await pools.claim('a'));
    await pools.settle(a, () => failed);
    const s = expectBatch(await pools.claim('s'));
    await pools.log.trim(1, 1);
    const replica = stores.openReplica(store);
    const holder = await replica.knex.transaction();
    await holder('callboard_subscriptions').where({ id: 'a' }).forUpdate().select('id');
    const removing = pools.deliveries.removeUpTo(1);
    await untilBlocked(replica, 'callboard_subscriptions');
    await pools.settle(s, ({ event }) => event.position === 1 ? failed : failed);
    console.log('before', JSON.stringify(await store.knex('callboard_deliveries').select('subscription_id', 'position', 'state')));
    await holder.commit();
    await removing;
    console.log('after', JSON.stringify(await store.knex('callboard_deliveries').select('subscription_id', 'position', 'state')));
    await pools.deliveries.removeUpTo(1);
    console.log('after next turn', JSON.stringify(await store.knex('callboard_deliveries').select('subscription_id', 'position', 'state')));
  });

  it('removeSilent with a live batch', async () => {
    const pools = await createSubscribedPools(await stores.open('POSTGRES_15'));
    await pools.publish('k');
    const batch = expectBatch(await pools.claim('s'));
    await pools.store.knex('callboard_subscriptions').update({ heartbeat_at: 1 });
    await pools.subscriptions.renew([batch.ticket], 60000);
    console.log('removed although its batch was just renewed:', await pools.subscriptions.removeSilent(60_000));
  });

  it('frozen replica holds the tail', async () => {
    const store = await stores.open('POSTGRES_15');
    const pools = await createSubscribedPools(store);
    const frozen = await stores.openReplica(store).knex.transaction();
    await frozen('callboard_log').where({ id: 1 }).update({ tail: 1 });
    const append = pools.log.append([makeEvent('t')]).then(() => 'appended');
    console.log('append of a healthy replica after 8 s:', await Promise.race([append, sleep(8000).then(() => 'still waiting')]));
    await frozen.rollback();
    await append;
  });

  it('an older replica ends a topic of a newer one', async () => {
    const store = await stores.open('POSTGRES_15');
    const pools = await createSubscribedPools(store);
    await pools.subscriptions.register('s', ['t', 'new'], { others: 'keep' });  // new version, complete
    await pools.subscriptions.register('s', ['t', 'new'], { others: 'end' });
    await pools.subscriptions.register('s', ['t'], { others: 'keep' });  // a pod of the older version restarts
    await pools.subscriptions.register('s', ['t'], { others: 'end' });   // 30 s later
    await pools.log.append([makeEvent('new')]);
    console.log('newer replica is given:', (await pools.claim('s'))?.events.length ?? 0);
  });
});
