import { InputError, NotFoundError } from '@backstage/errors';
import type {
  ReplayRequest,
  ReplayResult,
} from '@callboard/backstage-plugin-events-common';
import type { Notifier } from '@callboard/backstage-plugin-events-node';
import type { DeliveryPool } from '../deliveries';
import { toEndpointId } from '../endpoints';
import type { OwedEvent } from '../model/batch';
import type { SqlEventLog } from '../log';
import type { Subscription, SubscriptionPool } from '../subscriptions';
import { findDead, findEvent, findMatching } from './findReplayed';

const eventsPerTransaction = 500;

/** What replaying reads and writes. */
export interface ReplayPools {
  log: SqlEventLog;
  subscriptions: SubscriptionPool;
  deliveries: DeliveryPool;
  notifier: Notifier;
}

/**
 * Owes events again: one, or all that match a query, to one subscription or to each that wants their topic. None of an
 * endpoint: those choose by more than topics, permissions are given for each of them, and they have replays of their own.
 *
 * @returns the counts; in a dry run, what they would be
 * @throws InputError when the request names nothing, too much, or the subscription of an endpoint
 * @throws NotFoundError when the event or the subscription does not exist
 */
export async function replayEvents(
  { log, subscriptions, deliveries, notifier }: ReplayPools,
  request: ReplayRequest,
): Promise<ReplayResult> {
  const { dryRun, subscriptionId } = request;
  const targets = await readTargets(subscriptions, subscriptionId);
  const owed = await planReplay();

  const result: ReplayResult = {
    dryRun,
    events: new Set([...owed.values()].flat().map(({ id }) => id)).size,
    deliveries: 0,
    alreadyOwed: 0,
  };
  for (const [id, events] of owed) {
    for (let first = 0; first < events.length; first += eventsPerTransaction) {
      const counts = await deliveries.replay(
        id,
        events.slice(first, first + eventsPerTransaction),
        {
          dryRun,
          choose: (...args) => subscriptions.chooseForReplay(...args),
        },
      );
      result.deliveries += counts.owed;
      result.alreadyOwed += counts.alreadyOwed;
    }
  }
  if (!dryRun && result.deliveries > 0) {
    // Readers wake by the topics they listen to; one may be given an event of a topic that it does not want.
    notifier.notify(
      new Set(
        targets.flatMap(({ topics }) => topics.map(({ topic }) => topic)),
      ),
    );
  }
  return result;

  /** Which events are owed to which subscription. */
  async function planReplay(): Promise<Map<string, OwedEvent[]>> {
    const { eventId, query } = request;
    if (eventId !== undefined && query === undefined) {
      const event = await findEvent(log, eventId);
      if (deliveries.isEphemeral(event.topic)) {
        throw new InputError(
          `Events of the ephemeral topic '${event.topic}' are tried once and cannot be replayed`,
        );
      }
      return share([event]);
    }
    if (query === undefined || eventId !== undefined) {
      throw new InputError('Name either eventId or query');
    }
    const { state, ...filter } = query;
    if (state === 'dead') {
      if (filter.from !== undefined || filter.to !== undefined) {
        throw new InputError(
          'query: state does not go together with from or to',
        );
      }
      return findDead(
        deliveries,
        filter,
        targets.map(({ id }) => id),
      );
    }
    if (Object.values(filter).every(field => field === undefined)) {
      throw new InputError(
        'query: name at least one of topic, key, from, to and state',
      );
    }
    return share(await findMatching(log, filter));
  }

  /** The subscription that was named gets all of them; otherwise each gets those whose topic it wants. */
  function share(events: OwedEvent[]): Map<string, OwedEvent[]> {
    return new Map(
      targets.map(({ id, topics }) => [
        id,
        subscriptionId
          ? events
          : events.filter(event =>
              topics.some(
                ({ topic, to }) => topic === event.topic && to === undefined,
              ),
            ),
      ]),
    );
  }
}

async function readTargets(
  subscriptions: SubscriptionPool,
  id: string | undefined,
): Promise<Subscription[]> {
  if (id === undefined) {
    const all = await subscriptions.list();
    return all.filter(each => toEndpointId(each.id) === undefined);
  }
  const endpointId = toEndpointId(id);
  if (endpointId !== undefined) {
    throw new InputError(
      `subscriptionId: '${id}' is that of an endpoint, which chooses by more than topics: use POST /endpoints/${endpointId}/replays`,
    );
  }
  const target = await subscriptions.read(id);
  if (!target) {
    throw new NotFoundError(`There is no subscription '${id}'`);
  }
  return [target];
}
