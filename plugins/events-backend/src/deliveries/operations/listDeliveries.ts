import type { DeliveryState } from '@callboard/backstage-plugin-events-common';
import type { Knex } from 'knex';
import type { DeliveryRow } from '../deliveryRow';

/** Which deliveries to list. */
export interface DeliveryListing {
  state?: DeliveryState;
  subscriptionId?: string;
  topic?: string;
  key?: string;
  /** Lists what comes behind this delivery. */
  after?: { subscriptionId: string; position: number };
  limit: number;
}

/** Lists deliveries by position and subscription. */
export async function listDeliveries(
  knex: Knex,
  { state, subscriptionId, topic, key, after, limit }: DeliveryListing,
): Promise<DeliveryRow[]> {
  const query = knex<DeliveryRow>('callboard_deliveries')
    .orderBy('position')
    .orderBy('subscription_id')
    .limit(limit);
  if (state !== undefined) {
    query.where({ state });
  }
  if (subscriptionId !== undefined) {
    query.where({ subscription_id: subscriptionId });
  }
  if (topic !== undefined) {
    query.where({ topic });
  }
  if (key !== undefined) {
    query.where({ key });
  }
  if (after !== undefined) {
    query.whereRaw('(position, subscription_id) > (?, ?)', [
      after.position,
      after.subscriptionId,
    ]);
  }
  return query;
}
