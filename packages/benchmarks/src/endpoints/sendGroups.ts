import { nowUs } from '../portals/clock';
import type { Load } from '../portals/orders';
import type { SendingRate } from './drainBacklog';
import type { Site } from './withEndpoints';

/** Events that are published at once, and what should become of them. */
export interface GroupLoad
  extends Pick<Load, 'run' | 'topic' | 'bytes' | 'teams'> {
  amount: number;
  /** Where the receiver gets them. */
  paths: readonly string[];
  /** Requests that they should end in. */
  due: number;
}

/**
 * Publishes many events in few commits, and waits until the receiver has answered what they end in.
 *
 * @returns requests per second, from the first `publish` to the last answer
 * @throws Error when a request was missing, or came twice, or had a wrong signature
 */
export async function sendGroups(
  { portal, receiver }: Site,
  { paths, due, ...load }: GroupLoad,
): Promise<SendingRate> {
  await receiver.order('forget', null);
  const before = await portal.order('usage', null);
  const startUs = nowUs();
  await portal.order('publishGroups', load);
  const { lastAtUs } = await receiver.waitUntilAnswered(paths, due);
  const after = await portal.order('usage', null);
  return {
    rate: due / ((lastAtUs - startUs) / 1e6),
    cpuMs: (after.cpuMs - before.cpuMs) / due,
  };
}
