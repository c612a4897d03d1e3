import { randomUUID } from 'node:crypto';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import type { Store } from '../../database';
import { keysOf } from '../../model/keysOf';
import type { ClaimedDelivery, OwedDeliveries } from '../OwedDeliveries';
import { selectClaim } from '../selectClaim';
import type { Subscription } from '../subscriptionRow';
import { isHeartbeatDue } from './keepUp';
import { lockUnmoved } from './lockUnmoved';

/** What was claimed, before the owed events are read from the log. */
export interface ClaimedBatch {
  ticket: string;
  fresh: LogEvent[];
  owed: ClaimedDelivery[];
  /** Where the cursor is now. */
  cursor: number;
}

/**
 * Claims events of one subscription and moves its cursor, in one transaction that holds the lock on the subscription.
 *
 * 1. Lock the subscription. If its cursor has moved since the log was read, another reader was faster; if its topics
 *    have changed, the log was read for the wrong ones: claim nothing.
 * 2. See which keys other readers have in hand, and claim what is due of what is owed.
 * 3. Choose among the new events, and owe those that must wait.
 * 4. Move the cursor, and write down the batch with its lease.
 *
 * A crash before the commit changes nothing; one after it leaves a batch whose lease lapses.
 *
 * @returns the batch, `empty` when nothing could be claimed, or `moved` when the claim has to start over: what was read
 * of the log is read already, or was set aside
 */
export async function claimBatch(
  { knex, dialect }: Store,
  deliveries: OwedDeliveries,
  input: {
    /** As it was when the log was read. */
    subscription: Subscription;
    candidates: readonly LogEvent[];
    upTo: number;
    limit: { events: number; bytes: number };
    leaseMs: number;
    patienceMs: number;
    /** Whether what is owed may be claimed before it is due. */
    early: boolean;
  },
): Promise<ClaimedBatch | 'empty' | 'moved'> {
  const { id: subscriptionId, cursor } = input.subscription;
  return knex.transaction(async trx => {
    if (!(await lockUnmoved(trx, dialect, input.subscription))) {
      return 'moved';
    }

    const open: { keys: string; age: number | string }[] = await trx(
      'callboard_batches',
    )
      .where({ subscription_id: subscriptionId })
      .select('keys', trx.raw(`${dialect.nowMs} - claimed_at as age`));
    const busyKeys = new Set<string>();
    const slowKeys = new Set<string>();
    for (const batch of open) {
      const keys: string[] = JSON.parse(batch.keys);
      const held = Number(batch.age) < input.patienceMs ? busyKeys : slowKeys;
      keys.forEach(key => held.add(key));
    }

    const owed = await deliveries.claimDue(
      trx,
      subscriptionId,
      new Set([...busyKeys, ...slowKeys]),
      // However much is due, half of the batch is for new events: what is owed may fail again and again.
      input.candidates.length > 0
        ? {
            events: Math.ceil(input.limit.events / 2),
            bytes: input.limit.bytes / 2,
          }
        : input.limit,
      input.early,
    );
    const candidates = fitBeside(owed, input.candidates, input.limit);
    const selection = selectClaim({
      cursor,
      candidates,
      upTo:
        candidates.length < input.candidates.length
          ? candidates.at(-1)?.position ?? cursor
          : input.upTo,
      owedKeys: await findKeysToWaitBehind(
        trx,
        deliveries,
        subscriptionId,
        candidates,
        owed,
      ),
      busyKeys,
      slowKeys,
    });

    await deliveries.settle(
      trx,
      subscriptionId,
      selection.setAside.map(event => ({
        event,
        attempt: 1,
        owed: false,
        outcome: { kind: 'untried' },
      })),
      undefined,
    );
    const claimed = [...owed, ...selection.claimed];
    // While others hold the keys of all that is left, readers come here four times a second.
    if (
      claimed.length > 0 ||
      selection.cursor !== cursor ||
      isHeartbeatDue(input.subscription)
    ) {
      await trx('callboard_subscriptions')
        .where({ id: subscriptionId })
        .update({
          cursor: selection.cursor,
          heartbeat_at: trx.raw(dialect.nowMs),
        });
    }
    if (claimed.length === 0) {
      return selection.cursor === cursor ? 'empty' : 'moved';
    }
    const ticket = randomUUID();
    await trx('callboard_batches').insert({
      ticket,
      subscription_id: subscriptionId,
      positions: JSON.stringify(claimed.map(({ position }) => position)),
      first_position: Math.min(...claimed.map(({ position }) => position)),
      keys: JSON.stringify(keysOf(claimed)),
      claimed_at: trx.raw(dialect.nowMs),
      leased_until: trx.raw(`${dialect.nowMs} + ?`, [input.leaseMs]),
    });
    return {
      ticket,
      fresh: selection.claimed,
      owed,
      cursor: selection.cursor,
    };
  });
}

/**
 * Keys that something is owed for, so that new events must wait behind it. They need not wait behind what this claim has
 * taken and nobody has tried: they follow it in the same batch. Otherwise a key that was set aside once would be owed
 * for as long as it is busy, event by event.
 */
async function findKeysToWaitBehind(
  trx: Knex.Transaction,
  deliveries: OwedDeliveries,
  subscriptionId: string,
  candidates: readonly LogEvent[],
  claimed: readonly ClaimedDelivery[],
): Promise<Set<string>> {
  const tried = new Set(keysOf(claimed.filter(({ attempts }) => attempts > 0)));
  const untried = new Set(keysOf(claimed).filter(key => !tried.has(key)));
  const keys = keysOf(candidates);
  const behindOthers = await deliveries.findOwedKeys(
    trx,
    subscriptionId,
    keys.filter(key => !untried.has(key)),
  );
  const behindMore = await deliveries.findOwedKeys(
    trx,
    subscriptionId,
    keys.filter(key => untried.has(key)),
    true,
  );
  return new Set([...behindOthers, ...behindMore]);
}

/** The first of the new events that fit into the limit beside what is owed; one fits whatever its size. */
function fitBeside(
  owed: readonly ClaimedDelivery[],
  candidates: readonly LogEvent[],
  limit: { events: number; bytes: number },
): readonly LogEvent[] {
  let bytes = owed.reduce((sum, { size }) => sum + size, 0);
  const end = candidates.findIndex(({ size }, index) => {
    const isFull =
      owed.length + index >= limit.events ||
      (bytes >= limit.bytes && index > 0);
    bytes += size;
    return isFull;
  });
  return end < 0 ? candidates : candidates.slice(0, end);
}
