import type { Load } from '../portals/orders';
import type { Site } from './withEndpoints';

/** Events that wait for their endpoints, and where the receiver gets them. */
export interface Backlog extends Pick<Load, 'run' | 'topic' | 'bytes'> {
  amount: number;
  paths: readonly string[];
}

/** How fast something was sent. */
export interface SendingRate {
  /** Requests that were answered, per second. */
  rate: number;
  /** Processor time of the sending process for each request, in milliseconds; its database has its own. */
  cpuMs: number;
}

/** Publishing beside sending, at a rate that the events come due at. */
export interface Meanwhile {
  ratePerSecond: number;
  publishers: number;
  seconds: number;
}

/**
 * Has a backlog sent: events are published while the receiver answers nobody, so that they wait; then it answers. All
 * paths get all events.
 *
 * @param meanwhile - what is published while the backlog is sent; only that time counts then. Default: nothing
 * @throws Error when a request was missing, or came twice, or had a wrong signature
 */
export async function drainBacklog(
  { portal, receiver }: Site,
  { paths, amount, ...load }: Backlog,
  meanwhile?: Meanwhile,
): Promise<SendingRate> {
  await receiver.order('hold', null);
  await receiver.order('forget', null);
  await portal.order('publishGroups', { ...load, amount });
  const before = await portal.order('usage', null);
  const { atUs } = await receiver.order('release', null);
  const { published } = meanwhile
    ? await portal.publish({ ...load, ...meanwhile })
    : { published: 0 };
  const due = (amount + published) * paths.length;
  const { answers, lastAtUs } = meanwhile
    ? await receiver.order('answered', { paths })
    : await receiver.waitUntilAnswered(paths, due);
  const after = await portal.order('usage', null);
  await receiver.waitUntilAnswered(paths, due);
  return {
    rate: answers / ((lastAtUs - atUs) / 1e6),
    cpuMs: (after.cpuMs - before.cpuMs) / answers,
  };
}
