import type { NewEvent } from '@callboard/backstage-plugin-events-node';
import type { Store } from '../database';
import { DeliveryPool, type DeliveryRow } from '../deliveries';
import { SqlEventLog } from '../log';
import type { Batch, Outcome, Settlement } from '../model/batch';
import type { RetryPolicy } from '../model/retryPolicy';
import { SubscriptionPool, type ClaimOptions } from '../subscriptions';
import { makeEvent } from './makeEvent';

export const delivered: Outcome = { kind: 'delivered', durationMs: 1 };
export const failed: Outcome = { kind: 'failed', error: 'boom', durationMs: 1 };
export const untried: Outcome = { kind: 'untried' };

const claimOptions: ClaimOptions = {
  maxEvents: 100,
  maxBytes: 1_000_000,
  leaseMs: 60_000,
  patienceMs: 60_000,
};

/** Three attempts, an hour apart, so that nothing is due before a test says so. */
const hourly: RetryPolicy = {
  maxAttempts: 3,
  initialDelayMs: 3_600_000,
  factor: 1,
  maxDelayMs: 3_600_000,
  jitter: 0,
};

/** Settles each event of a batch: in each lane the first that fails leaves the rest untried, as a reader does. */
export function settlementsOf(
  batch: Batch,
  decide: (event: Batch['events'][number]) => Outcome,
): Settlement[] {
  const failedKeys = new Set<string>();
  return batch.events.map(claimed => {
    const { event } = claimed;
    const behindFailed = event.key !== undefined && failedKeys.has(event.key);
    const outcome = behindFailed ? untried : decide(claimed);
    if (outcome.kind !== 'delivered' && event.key !== undefined) {
      failedKeys.add(event.key);
    }
    return { ...claimed, outcome };
  });
}

/** The topics of a batch's events, in order; a test that gives each event a topic of its own can tell them apart. */
export function positionsOf(batch: Batch | undefined): number[] {
  return (batch?.events ?? []).map(({ event }) => event.position);
}

/** The pools over one store, and short words for what readers do with them. */
export function createPools(store: Store, policy: Partial<RetryPolicy> = {}) {
  const { knex } = store;
  const dead: string[] = [];
  const retried: string[] = [];
  const log = new SqlEventLog(store);
  const deliveries = new DeliveryPool({
    store,
    policy: { ...hourly, ...policy },
    isEphemeral: topic => topic.startsWith('ephemeral'),
    observer: {
      onRetry: id => retried.push(id),
      onDead: (_, { eventId }) => dead.push(eventId),
    },
  });
  const subscriptions = new SubscriptionPool({ store, log, deliveries });

  return {
    store,
    log,
    deliveries,
    subscriptions,
    /** What the observer was told. */
    observed: { dead, retried },

    /** Appends an event of topic `t` for each key; one without a key for `undefined`. */
    async publish(...keys: (string | undefined)[]): Promise<NewEvent[]> {
      const events = keys.map(key => makeEvent('t', { key }));
      await log.append(events);
      return events;
    },

    async claim(
      id: string,
      options: Partial<ClaimOptions> = {},
    ): Promise<Batch | undefined> {
      const claim = await subscriptions.claim(id, {
        ...claimOptions,
        ...options,
      });
      return claim.batch;
    },

    settle(
      batch: Batch,
      decide: (event: Batch['events'][number]) => Outcome = () => delivered,
    ): Promise<boolean> {
      return subscriptions.settle(
        batch.ticket,
        batch.subscriptionId,
        settlementsOf(batch, decide),
      );
    },

    /** Lets the lease of a batch lapse. */
    async lapse({ ticket }: Batch): Promise<void> {
      await knex('callboard_batches')
        .where({ ticket })
        .update({ leased_until: 0 });
    },

    /** Lets the time of every pause pass. */
    async passPauses(): Promise<void> {
      await knex('callboard_deliveries').update({ due_at: 0 });
    },

    /** Position, state and attempts of every delivery. */
    async readDeliveries(): Promise<[number, DeliveryRow['state'], number][]> {
      const rows = await knex<DeliveryRow>('callboard_deliveries').orderBy([
        'subscription_id',
        'position',
      ]);
      return rows.map(({ position, state, attempts }) => [
        Number(position),
        state,
        attempts,
      ]);
    },
  };
}

export type Pools = ReturnType<typeof createPools>;

/** Opens the pools with a subscription `s` that wants topic `t`. */
export async function createSubscribedPools(
  store: Store,
  policy: Partial<RetryPolicy> = {},
): Promise<Pools> {
  const pools = createPools(store, policy);
  await pools.subscriptions.register('s', ['t']);
  return pools;
}

/** Fails when there is nothing to claim. */
export function expectBatch(batch: Batch | undefined): Batch {
  if (!batch) {
    throw new Error('There is nothing to claim');
  }
  return batch;
}
