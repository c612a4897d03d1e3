import {
  maxCountedEvents,
  type EndpointReplayRequest,
} from '@callboard/backstage-plugin-events-common';
import type { DeliveryPool } from '../../deliveries';
import { toSubscriptionId, type Endpoint } from '../../endpoints';
import type { SqlEventLog } from '../../log';
import { fitsPattern } from '../../model/topicPattern';

const eventsPerPage = 500;

type ReplayedLog = Pick<SqlEventLog, 'ends' | 'positionBefore' | 'list'>;

/** What a replay takes. */
export interface ReplayPlan {
  /** Position before the first event that it may take. */
  place: number;
  /** The last position that it may take. */
  upTo: number;
  /** Events of the query, counted to a limit. */
  total: number;
  /** Those of them whose topic the endpoint wants. */
  wanted: number;
}

/** Finds between which positions a replay takes events, and counts those that it looks at. */
export async function planReplay(
  {
    log,
    deliveries,
  }: { log: ReplayedLog; deliveries: Pick<DeliveryPool, 'list'> },
  endpoint: Pick<Endpoint, 'id' | 'settings'>,
  query: Omit<EndpointReplayRequest, 'dryRun'>,
): Promise<ReplayPlan> {
  const { head, tail } = await log.ends();
  const place =
    query.from === undefined
      ? head
      : Math.max(head, await log.positionBefore(Date.parse(query.from)));
  const end =
    query.to === undefined
      ? tail
      : await log.positionBefore(Date.parse(query.to));
  const upTo = Math.max(place, end);
  const topics =
    query.state === 'dead'
      ? await findDead(deliveries, toSubscriptionId(endpoint.id), query, {
          place,
          upTo,
        })
      : await findMatching(log, query, { place, upTo });
  const isWanted = (topic: string) =>
    query.state === 'dead' ||
    endpoint.settings.topics.some(pattern => fitsPattern(topic, pattern));
  return {
    place,
    upTo,
    total: topics.length,
    wanted: topics.filter(isWanted).length,
  };
}

/** The topics of the events that match, one for each event. */
async function findMatching(
  log: ReplayedLog,
  { topic, key }: Pick<EndpointReplayRequest, 'topic' | 'key'>,
  { place, upTo }: Pick<ReplayPlan, 'place' | 'upTo'>,
): Promise<string[]> {
  return collect(upTo, place, after =>
    log.list({ topic, key, order: 'asc', after, limit: eventsPerPage }),
  );
}

/** The topics of the dead deliveries that match, one for each. */
async function findDead(
  deliveries: Pick<DeliveryPool, 'list'>,
  subscriptionId: string,
  { topic, key }: Pick<EndpointReplayRequest, 'topic' | 'key'>,
  { place, upTo }: Pick<ReplayPlan, 'place' | 'upTo'>,
): Promise<string[]> {
  return collect(upTo, place, position =>
    deliveries.list({
      state: 'dead',
      subscriptionId,
      topic,
      key,
      after: { position, subscriptionId },
      limit: eventsPerPage,
    }),
  );
}

/** @param readPage - gives what comes behind a position, in order */
async function collect(
  upTo: number,
  place: number,
  readPage: (
    after: number,
  ) => Promise<{ position: number | string; topic: string }[]>,
): Promise<string[]> {
  const topics: string[] = [];
  let after = place;
  while (topics.length < maxCountedEvents && after < upTo) {
    const page = await readPage(after);
    const within = page.filter(({ position }) => Number(position) <= upTo);
    topics.push(...within.map(({ topic }) => topic));
    const last = within.at(-1);
    if (!last || within.length < eventsPerPage) {
      return topics.slice(0, maxCountedEvents);
    }
    after = Number(last.position);
  }
  return topics.slice(0, maxCountedEvents);
}
