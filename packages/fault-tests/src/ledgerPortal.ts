import { setImmediate as nextTurn } from 'node:timers/promises';
import { createBackend } from '@backstage/backend-defaults';
import {
  coreServices,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { outboxServiceRef } from '@callboard/backstage-plugin-events-node';

/**
 * A portal with a plugin that counts per key, in transactions that publish each count through the plugin's outbox.
 *
 * With the variable `LEDGER_IS_CLOSED` it counts no more, and only relays what waits.
 */
const keys = ['a', 'b', 'c', 'd', 'e'];
const writers = 4;

const ledger = createBackendPlugin({
  pluginId: 'ledger',
  register(env) {
    env.registerInit({
      deps: {
        database: coreServices.database,
        lifecycle: coreServices.rootLifecycle,
        outbox: outboxServiceRef,
      },
      async init({ database, lifecycle, outbox }) {
        const knex = await database.getClient();
        if (!(await knex.schema.hasTable('ledger'))) {
          await knex.transaction(async trx => {
            await trx.schema.createTable('counters', table => {
              table.text('key').primary();
              table.integer('count').notNullable();
            });
            await trx.schema.createTable('ledger', table => {
              table.text('key').notNullable();
              table.integer('count').notNullable();
              table.text('event_id').notNullable();
            });
            await trx('counters').insert(keys.map(key => ({ key, count: 0 })));
          });
        }

        const write = async (round: number) => {
          const trx = await knex.transaction();
          const key = keys[Math.floor(Math.random() * keys.length)];
          await trx('counters').where({ key }).increment('count');
          const { count } = await trx('counters').where({ key }).first();
          const savepoint = await trx.transaction();
          await outbox.publish(savepoint, {
            topic: 'ledger',
            eventPayload: { undone: true },
          });
          await savepoint.rollback();
          const eventId = await outbox.publish(trx, {
            topic: 'ledger',
            eventPayload: { count },
            key,
          });
          await trx('ledger').insert({ key, count, event_id: eventId });
          await (round % 4 === 3 ? trx.rollback() : trx.commit());
        };

        lifecycle.addStartupHook(() => {
          process.send?.('ready');
          if (!process.env.LEDGER_IS_CLOSED) {
            for (let writer = 0; writer < writers; writer++) {
              (async () => {
                for (let round = 0; ; round++) {
                  await write(round);
                  // SQLite answers without leaving the turn of the event loop; as between two requests, others have theirs.
                  await nextTurn();
                }
              })();
            }
          }
        });
      },
    });
  },
});

const backend = createBackend();
backend.add(import('@callboard/backstage-plugin-events-backend'));
backend.add(ledger);
backend.start();
