import {
  coreServices,
  createServiceFactory,
  createServiceRef,
} from '@backstage/backend-plugin-api';
import { durableEventsServiceRef } from '../DurableEventsService';
import { Outbox } from './Outbox';
import type { OutboxService } from './OutboxService';

/**
 * The outbox of a plugin, in the plugin's own database; for the plugin and its modules.
 *
 * @throws Error at start, when the events service of the backend is not Callboard's, or the database of the plugin is
 *   neither PostgreSQL nor SQLite
 *
 * @example
 * ```ts
 * deps: { database: coreServices.database, outbox: outboxServiceRef },
 * async init({ database, outbox }) {
 *   const knex = await database.getClient();
 *   await knex.transaction(async trx => {
 *     await trx('deployments').insert({ version });
 *     await outbox.publish(trx, { topic: 'deployments', eventPayload: { version } });
 *   });
 * }
 * ```
 *
 * @public
 */
export const outboxServiceRef = createServiceRef<OutboxService>({
  id: 'callboard.outbox',
  scope: 'plugin',
  defaultFactory: async service =>
    createServiceFactory({
      service,
      deps: {
        config: coreServices.rootConfig,
        database: coreServices.database,
        events: durableEventsServiceRef,
        lifecycle: coreServices.lifecycle,
        logger: coreServices.logger,
      },
      async factory({ config, database, events, lifecycle, logger }) {
        const outbox = await Outbox.create({
          database,
          events,
          logger,
          maxPayloadBytes: config.getOptionalNumber(
            'events.publish.maxPayloadBytes',
          ),
        });
        // At once: rows of an earlier life may be waiting.
        outbox.start();
        lifecycle.addShutdownHook(() => outbox.stop());
        return outbox;
      },
    }),
});
