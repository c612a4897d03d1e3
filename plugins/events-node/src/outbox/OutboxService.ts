import type { EventParams } from '@backstage/plugin-events-node';
import type { Knex } from 'knex';
import type { EventDescription } from '../metadata';

/**
 * What is published through an outbox: what `publish` of the events service takes, and what a publisher can say besides.
 *
 * @public
 */
export type OutboxEvent<TPayload = unknown> = EventParams<TPayload> &
  EventDescription;

/**
 * Publishes inside the transactions of a plugin: what is committed is published, what is rolled back is not.
 *
 * @public
 */
export interface OutboxService {
  /**
   * Publishes one event when, and only if, a transaction commits.
   *
   * @param trx - a transaction, or a nested one, in the plugin's own database; without it nothing ties the event to
   *   what the plugin writes
   * @param event - to be published
   * @returns the event's id
   * @throws InputError when the event cannot be stored as it is; nothing is written then
   */
  publish(trx: Knex.Transaction, event: OutboxEvent): Promise<string>;

  /**
   * The same with several events, in this order.
   *
   * @param events - at most `maxEventsAtOnce`; none does nothing
   * @returns the ids, in the same order
   */
  publishAll(
    trx: Knex.Transaction,
    events: readonly OutboxEvent[],
  ): Promise<string[]>;
}
