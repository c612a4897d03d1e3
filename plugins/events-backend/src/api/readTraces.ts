import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { AttemptRow, DeliveryPool, DeliveryRow } from '../deliveries';
import type { Subscription, SubscriptionPool } from '../subscriptions';

/** What is written down of an event's way to those who want it. */
export interface EventTraces {
  event: LogEvent;
  /** Whether the event's topic is ephemeral: tried once, and how that went is not kept. */
  isEphemeral: boolean;
  subscriptions: readonly Subscription[];
  /** Positions in the hands of readers, by subscription. */
  claimed: ReadonlyMap<string, ReadonlySet<number>>;
  deliveries: readonly DeliveryRow[];
  attempts: readonly AttemptRow[];
}

/** Reads it in the direction that events move, so that one on its way is seen in one place at least. */
export async function readTraces(
  pools: { subscriptions: SubscriptionPool; deliveries: DeliveryPool },
  event: LogEvent,
): Promise<EventTraces> {
  const subscriptions = await pools.subscriptions.list();
  const claimed = await pools.subscriptions.listClaimed();
  const written = await pools.deliveries.readOfEvent(event.position);
  return {
    event,
    isEphemeral: pools.deliveries.isEphemeral(event.topic),
    subscriptions,
    claimed,
    ...written,
  };
}
