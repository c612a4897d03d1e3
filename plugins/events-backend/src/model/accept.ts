import type { EventParams } from '@backstage/plugin-events-node';

/** What became of an event that was accepted. */
export interface Accepted {
  id: string;
  /** Whether the log had it already. */
  duplicate: boolean;
}

/**
 * Takes events in: checks, names and keys them, and resolves when they are durable.
 *
 * @param events - appended in one commit, in this order, whole or not at all
 * @param options.source - where they come from, such as `catalog` or `http/github`
 * @param options.timeLimitMs - how long to try while the store is away
 * @param options.notified - subscriptions that have been given the events by their publisher, and are not given them again
 * @returns what became of each
 * @throws InputError when one cannot be stored as it is
 * @throws ServiceUnavailableError when the store stayed away
 */
export type Accept = (
  events: readonly EventParams[],
  options: {
    source: string;
    timeLimitMs: number;
    notified?: readonly string[];
  },
) => Promise<Accepted[]>;
