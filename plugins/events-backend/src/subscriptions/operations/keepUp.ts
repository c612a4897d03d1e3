import type { Store } from '../../database';
import type { Subscription } from '../subscriptionRow';
import { lockUnmoved } from './lockUnmoved';

/** How far a cursor may fall behind the tail, over events nobody here wants, before it is moved. */
const idleAdvance = 1_000;
const heartbeatIntervalMs = 15_000;

/**
 * Whether it is time to say again that a reader is alive. By the clock of this process, which decides nothing but how
 * often the row is written.
 */
export function isHeartbeatDue({ heartbeatAtMs }: Subscription): boolean {
  return Math.abs(Date.now() - heartbeatAtMs) > heartbeatIntervalMs;
}

/**
 * Moves the cursor over events that the subscription does not want, and says that its reader is alive; but not each
 * time, since it costs a commit.
 *
 * @param always - whether to move it however little there is to it
 */
export async function keepUp(
  { knex, dialect }: Store,
  subscription: Subscription,
  upTo: number,
  always: boolean,
): Promise<void> {
  const isDue =
    always ||
    upTo - subscription.cursor >= idleAdvance ||
    isHeartbeatDue(subscription);
  if (!isDue) {
    return;
  }
  await knex.transaction(async trx => {
    if (await lockUnmoved(trx, dialect, subscription)) {
      await trx('callboard_subscriptions')
        .where({ id: subscription.id })
        .update({ cursor: upTo, heartbeat_at: trx.raw(dialect.nowMs) });
    }
  });
}
