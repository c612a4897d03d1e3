/** Why a delivery is fetched: no attempt succeeded, or one did but the log does not have it. */
export type RecoveryReason = 'failed' | 'missing';

/** A delivery that was found in the log of GitHub. */
interface FoundDelivery {
  guid: string;
  /** Of one of its attempts. */
  deliveryId: number;
  /** By the clock of GitHub, in milliseconds since the epoch. */
  deliveredMs: number;
}

/** A delivery that is to be fetched. */
export interface DueDelivery extends FoundDelivery {
  reason: RecoveryReason;
  /** How often GitHub gave no whole answer when it was asked for it. */
  attempts: number;
  /** When the last of these was counted, in milliseconds since the epoch; undefined if there was none. */
  attemptedMs: number | undefined;
}

/** How far the log of a webhook has been read. Times are in milliseconds since the epoch. */
export interface HookProgress {
  begunMs: number;
  seenMs: number | undefined;
  /** The reading that is under way, if there is one. */
  reading: { upToMs: number; nextPage: string } | undefined;
}

/** What is to be done about a page of the log of a webhook. */
export interface JudgedPage {
  /** How many deliveries were looked at. */
  read: number;
  /** To be fetched, the newest first; one for each webhook. */
  due: (FoundDelivery & { reason: RecoveryReason })[];
  /** Have arrived, although the log does not say so: other attempts at them are not to be fetched. */
  arrived: (FoundDelivery & { isRedelivery: boolean })[];
}
