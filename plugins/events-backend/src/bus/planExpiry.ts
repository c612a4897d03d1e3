import type { SubscriptionWish } from '@callboard/backstage-plugin-events-node/bus';

/** When subscriptions go that nobody will come back for. */
export interface ExpiryOptions {
  /** How long a subscription of one process outlives it, in milliseconds. */
  perProcessMs: number;
  ephemeral: { topics: ReadonlySet<string>; retentionMs: number };
}

/**
 * Decides how long a subscription stays without a reader.
 *
 * @param wish.topics - all that it wants, whichever process asked for them
 * @returns milliseconds, or undefined for what is configured
 */
export function planExpiry(
  wish: Pick<SubscriptionWish, 'topics' | 'perProcess'>,
  { perProcessMs, ephemeral }: ExpiryOptions,
): number | undefined {
  const { topics, perProcess } = wish;
  if (perProcess) {
    return perProcessMs;
  }
  const isEphemeral =
    topics.length > 0 && topics.every(topic => ephemeral.topics.has(topic));
  // Its events are gone by then, so there is nothing to come back to.
  return isEphemeral ? ephemeral.retentionMs : undefined;
}
