import {
  WebhookReceiver,
  type WebhookReceiverOptions,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { createTestStores, type StoreId } from '../../../__testUtils__/stores';
import type { DeliveryRow } from '../../../deliveries';
import { toSubscriptionId } from '../../../endpoints';
import { WebhookWorld } from './openWebhooks';

/** Starts receivers and worlds for the tests of one file, and stops them after each test. */
export function createWorlds() {
  const stores = createTestStores();
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(ends.splice(0).map(end => end()));
    // PostgreSQL has no connections for the worlds of so many tests.
    await stores.close();
  });

  return {
    ids: stores.ids,

    async startReceiver(options?: WebhookReceiverOptions) {
      const receiver = new WebhookReceiver(options);
      ends.push(() => receiver.stop());
      return { receiver, url: await receiver.start() };
    },

    /** Has something stopped after the test. */
    endWith(end: () => Promise<void>) {
      ends.push(end);
    },

    async startWorld(
      storeId: StoreId,
      options?: ConstructorParameters<typeof WebhookWorld>[1],
    ) {
      const store = await stores.openInSchema(storeId);
      const world = new WebhookWorld(store, options);
      ends.push(() => world.webhooks.stop());
      await world.webhooks.start();
      return world;
    },
  };
}

/** A delivery of an endpoint. */
export interface OwedDelivery {
  state: DeliveryRow['state'];
  attempts: number;
  /** The pause before it is sent again, from when it was written, in milliseconds. */
  pauseMs: number;
  error: string | null;
}

/** Reads what is owed to an endpoint, or was. */
export async function readOwed(
  { pools }: WebhookWorld,
  endpointId: string,
): Promise<OwedDelivery[]> {
  const rows = await pools.store
    .knex<DeliveryRow>('callboard_deliveries')
    .where({ subscription_id: toSubscriptionId(endpointId) })
    .orderBy('position');
  return rows.map(({ state, attempts, due_at, updated_at, last_error }) => ({
    state,
    attempts,
    pauseMs: Number(due_at) - Number(updated_at),
    error: last_error,
  }));
}

/** Waits until the one event of an endpoint was tried so often and is settled. */
export async function untilTried(
  world: WebhookWorld,
  endpointId: string,
  attempts: number,
): Promise<OwedDelivery> {
  for (;;) {
    const [owed] = await readOwed(world, endpointId);
    if (owed?.attempts === attempts && owed.state !== 'claimed') {
      return owed;
    }
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
