import type { Load } from '../portals/orders';
import type { Site } from './withEndpoints';

const events = 500;

/**
 * Sends events that come one by one until what is hot then is compiled: it is other code, and another share of it, than
 * for many events at once.
 *
 * @param load.paths - where the receiver gets them
 * @param load.matches - requests that each event ends in
 */
export async function warmUpSingles(
  { portal, receiver }: Site,
  load: Pick<Load, 'topic' | 'bytes' | 'teams'> & {
    paths: readonly string[];
    matches: number;
  },
): Promise<void> {
  const { paths, matches, ...others } = load;
  await receiver.order('forget', null);
  const { published } = await portal.publish({
    ...others,
    run: 'warm-up, one by one',
    publishers: 1,
    amount: events,
  });
  await receiver.waitUntilAnswered(paths, published * matches);
}
