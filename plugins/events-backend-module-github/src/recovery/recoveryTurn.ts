import type { DueDelivery, RecoveryReason } from './store';

/** Under which webhooks of GitHub are in the log of events. */
export const recoveredTopic = 'github';

/**
 * Why a delivery cannot be recovered: GitHub does not have it any more, has something that is no delivery, fails or
 * refuses to give it, or the events system refuses it; or it went to another URL and may be somebody else's.
 */
export type LossReason =
  | 'gone'
  | 'malformed'
  | 'unavailable'
  | 'rejected'
  | 'elsewhere';

/** Is told what becomes of deliveries. */
export interface RecoveryObserver {
  /** @param count - how many deliveries of GitHub's log were looked at */
  onRead(count: number): void;
  onRecovered(reason: RecoveryReason): void;
  onLost(delivery: DueDelivery, reason: LossReason, error?: unknown): void;
}

/** The bounds of a turn. */
export interface RecoveryBounds {
  /** How many deliveries may be fetched. */
  maxDeliveries: number;
  /** When the turn ends, by `performance.now()`. */
  endsAtMs: number;
  signal: AbortSignal;
}

/**
 * What a turn came to: everything is done, a bound was reached and the next turn goes on, or the webhook goes elsewhere
 * and there is nothing to do.
 */
export type TurnOutcome =
  | { kind: 'done' | 'unfinished' }
  /** Without a URL there is no webhook. */
  | { kind: 'elsewhere'; url: string | undefined };
