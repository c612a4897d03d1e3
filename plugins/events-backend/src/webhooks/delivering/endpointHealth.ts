import { z } from 'zod';
import {
  closedBreaker,
  extendFailureSpell,
  noteVerdict,
  type Breaker,
  type BreakerPolicy,
  type FailureSpell,
  type Verdict,
} from '../sending';

/** How an endpoint fares: what is kept of it in the store, for all processes. */
export interface HealthState {
  breaker: Breaker;
  spell: FailureSpell | undefined;
}

/** One result, and when it came. */
export interface NotedVerdict {
  verdict: Verdict;
  /** Of the breaker's permission by which it was sent. */
  round: number;
  /** In milliseconds since the epoch. */
  nowMs: number;
}

/** Of an endpoint that is new, or that a person has resumed. */
export const newHealth: HealthState = {
  breaker: closedBreaker,
  spell: undefined,
};

const whole = z.int();
const healthSchema = z.object({
  breaker: z.discriminatedUnion('state', [
    z.object({ state: z.literal('closed'), round: whole, failures: whole }),
    z.object({
      state: z.literal('open'),
      round: whole,
      pauses: whole,
      untilMs: z.number(),
    }),
    z.object({
      state: z.literal('half-open'),
      round: whole,
      pauses: whole,
      untilMs: z.number(),
    }),
  ]),
  spell: z
    .object({ firstMs: z.number(), lastMs: z.number(), failures: whole })
    .optional(),
});

/** Reads what is kept; what another version wrote in another way counts as nothing. */
export function readHealthState(health: unknown): HealthState {
  const { success, data } = healthSchema.safeParse(health);
  return success ? { breaker: data.breaker, spell: data.spell } : newHealth;
}

/** Notes what became of something that was sent; returns the very state that it was given when nothing changed. */
export function noteInHealth(
  state: HealthState,
  { verdict, round, nowMs }: NotedVerdict,
  policy: BreakerPolicy,
): HealthState {
  const breaker = noteVerdict(state.breaker, verdict, round, nowMs, policy);
  const spell = extendFailureSpell(state.spell, verdict, nowMs);
  return breaker === state.breaker && spell === state.spell
    ? state
    : { breaker, spell };
}
