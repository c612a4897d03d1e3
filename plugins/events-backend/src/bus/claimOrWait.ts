import type { Notifier } from '@callboard/backstage-plugin-events-node';
import { WakeUp } from '@callboard/backstage-plugin-events-node/bus';
import type { Batch } from '../model/batch';
import { everyTopic, type SubscriptionPool } from '../subscriptions';

/** How the pools are read. */
export interface ReadingOptions {
  /** Bytes of payload that one claim takes at the most. */
  maxBatchBytes: number;
  /** How long a key may be in another reader's hands before events behind it are set aside, in milliseconds. */
  keyPatienceMs: number;
  /** How long a claim is good unless it is renewed, in milliseconds. */
  leaseMs: number;
  /** How often to look when nobody wakes, in milliseconds. */
  pollIntervalMs: number;
}

/** A batch that was waited for. */
export interface AwaitedBatch {
  batch: Batch;
  /** How long before the claim that found it, in milliseconds: its lease began no earlier. */
  waitedMs: number;
}

/**
 * Claims the next events of a subscription, and waits for some to come.
 *
 * @remarks
 * Looks again when something is published, when an owed event is due, and now and then in case a wake-up was lost.
 *
 * @param claim.waitMs - how long to wait at the most, in milliseconds
 * @param claim.signal - ends the waiting
 * @returns undefined when nothing came
 * @throws SubscriptionMissingError when there is no such subscription
 */
export async function claimOrWait(
  {
    pool,
    notifier,
    options,
  }: { pool: SubscriptionPool; notifier: Notifier; options: ReadingOptions },
  subscriptionId: string,
  claim: { maxEvents: number; waitMs: number; signal: AbortSignal },
): Promise<AwaitedBatch | undefined> {
  const { maxEvents, waitMs, signal } = claim;
  const { keyPatienceMs, pollIntervalMs } = options;
  const startMs = performance.now();
  const end = startMs + waitMs;
  const wakeUp = new WakeUp();
  const wake = () => wakeUp.wake();
  let wanted: ReadonlySet<string> | undefined;
  // Before the first look, or what is published during it would be missed.
  const unlisten = notifier.listen({
    wants: topics =>
      !wanted ||
      wanted.has(everyTopic) ||
      [...topics].some(topic => wanted?.has(topic)),
    wake,
  });
  signal.addEventListener('abort', wake);
  try {
    for (;;) {
      wakeUp.reset();
      const waitedMs = performance.now() - startMs;
      const found = await pool.claim(subscriptionId, {
        maxEvents,
        maxBytes: options.maxBatchBytes,
        leaseMs: options.leaseMs,
        patienceMs: keyPatienceMs,
      });
      if (found.batch) {
        return { batch: found.batch, waitedMs };
      }
      wanted = found.topics;
      const leftMs = end - performance.now();
      if (leftMs <= 0 || signal.aborted) {
        return undefined;
      }
      if (found.more) {
        continue;
      }
      const { dueInMs = pollIntervalMs } = found;
      // Something that is due but could not be claimed has its key in another reader's hands.
      const sleepMs = dueInMs <= 0 ? keyPatienceMs : dueInMs;
      await wakeUp.sleep(Math.min(sleepMs, pollIntervalMs, leftMs));
      if (signal.aborted) {
        return undefined;
      }
    }
  } finally {
    unlisten();
    signal.removeEventListener('abort', wake);
  }
}
