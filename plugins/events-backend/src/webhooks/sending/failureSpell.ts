import type { Verdict } from './classifyAnswer';

/** A time of nothing but failures, up to the latest result of an endpoint. */
export interface FailureSpell {
  /** When the first of them was noted, in milliseconds since the epoch. */
  firstMs: number;
  /** When the latest of them was noted, in milliseconds since the epoch. */
  lastMs: number;
  failures: number;
}

/** When an endpoint is disabled for failing. */
export interface DisablingPolicy {
  /** From the first failure to the latest, in milliseconds. */
  minDurationMs: number;
  /** Keeps an endpoint with few events from being disabled for two failures of which one was last week. */
  minFailures: number;
}

/** Five days, and as many failures as one event has attempts on the default schedule. */
export const defaultDisablingPolicy: DisablingPolicy = {
  minDurationMs: 5 * 24 * 3_600_000,
  minFailures: 10,
};

/**
 * Notes what became of something that was sent. Every failure counts, the fault of an event too: an endpoint that has
 * taken nothing for days is of no use to its owner.
 *
 * @param spell - undefined for an endpoint that is new, that a person has resumed or changed, or whose latest event
 *   was delivered
 * @param nowMs - milliseconds since the epoch
 * @returns what to keep; the very object that it was given when nothing changed
 */
export function extendFailureSpell(
  spell: FailureSpell | undefined,
  verdict: Verdict,
  nowMs: number,
): FailureSpell | undefined {
  switch (verdict.kind) {
    case 'delivered':
      return undefined;
    case 'cancelled':
      return spell;
    default:
      return {
        firstMs: spell?.firstMs ?? nowMs,
        // Replicas do not agree on the time to the millisecond.
        lastMs: Math.max(spell?.lastMs ?? nowMs, nowMs),
        failures: (spell?.failures ?? 0) + 1,
      };
  }
}

/**
 * Decides whether an endpoint is disabled. Takes no time of its own: what counts is how long it was seen to fail, and
 * a week in which nothing was sent, or in which it was paused, shows nothing.
 *
 * @returns a sentence for people, or undefined to leave it enabled
 */
export function decideDisabling(
  spell: FailureSpell | undefined,
  policy: DisablingPolicy = defaultDisablingPolicy,
): { reason: string } | undefined {
  if (!spell || spell.failures < policy.minFailures) {
    return undefined;
  }
  const durationMs = spell.lastMs - spell.firstMs;
  if (durationMs < policy.minDurationMs) {
    return undefined;
  }
  const hours = Math.floor(durationMs / 3_600_000);
  return {
    reason: `Nothing was delivered for ${hours} hours: ${spell.failures} attempts failed in a row`,
  };
}
