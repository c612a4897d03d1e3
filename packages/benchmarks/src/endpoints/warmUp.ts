import { drainBacklog, type Backlog } from './drainBacklog';
import type { Site } from './withEndpoints';

const requestsOfTurn = 1_000;
/** More would take too long to be published: requests under way wait for it, and have a time limit. */
const mostEvents = 60_000;

/**
 * Sends until what is hot is compiled.
 *
 * @returns how many events it should take to send for a second
 */
export async function warmUp(
  site: Site,
  load: Omit<Backlog, 'run' | 'amount'>,
  seconds: number,
): Promise<number> {
  const amount = Math.ceil(requestsOfTurn / load.paths.length);
  const endMs = performance.now() + seconds * 1e3;
  let rate: number;
  do {
    const drained = await drainBacklog(site, {
      ...load,
      run: 'warm-up',
      amount,
    });
    rate = drained.rate;
  } while (performance.now() < endMs);
  return rate / load.paths.length;
}

/** How many events it should take to send for so long. */
export function planAmount(eventsPerSecond: number, seconds: number): number {
  return Math.min(
    mostEvents,
    Math.max(500, Math.ceil(eventsPerSecond * seconds)),
  );
}
