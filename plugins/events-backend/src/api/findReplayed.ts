import { InputError, NotFoundError } from '@backstage/errors';
import type { ReplayRequest } from '@callboard/backstage-plugin-events-common';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { DeliveryPool, DeliveryRow } from '../deliveries';
import type { OwedEvent } from '../model/batch';
import type { SqlEventLog } from '../log';

const eventsPerPage = 500;

/** The most events that one replay may take in; more need a narrower query. */
export const maxReplayedEvents = 10_000;

type ReplayQuery = NonNullable<ReplayRequest['query']>;

/**
 * Finds one event.
 *
 * @throws NotFoundError when the log does not have it, or has it only until what began to trim it is done
 */
export async function findEvent(
  log: SqlEventLog,
  id: string,
): Promise<LogEvent> {
  const [event, { head }] = await Promise.all([log.readById(id), log.ends()]);
  if (!event || event.position <= head) {
    throw new NotFoundError(`The log has no event ${id}`);
  }
  return event;
}

/**
 * Finds the events that match a query, whatever became of them.
 *
 * @throws InputError when there are too many
 */
export async function findMatching(
  log: SqlEventLog,
  { topic, key, from, to }: Omit<ReplayQuery, 'state'>,
): Promise<OwedEvent[]> {
  const found: OwedEvent[] = [];
  // Events up to the head that are there still are being trimmed, and what is owed of them goes with them.
  const { head } = await log.ends();
  for (;;) {
    const page = await log.list({
      topic,
      key,
      fromMs: from === undefined ? undefined : Date.parse(from),
      toMs: to === undefined ? undefined : Date.parse(to),
      order: 'asc',
      after: found.at(-1)?.position ?? head,
      limit: eventsPerPage,
    });
    found.push(
      ...page.map(row => ({
        position: Number(row.position),
        id: row.id,
        topic: row.topic,
        key: row.key ?? undefined,
        size: row.size,
      })),
    );
    refuseTooMany(found.length);
    if (page.length < eventsPerPage) {
      return found;
    }
  }
}

/**
 * Finds dead deliveries, by subscription.
 *
 * @param subscriptionIds - whose
 * @throws InputError when there are too many
 */
export async function findDead(
  deliveries: DeliveryPool,
  query: Pick<ReplayQuery, 'topic' | 'key'>,
  subscriptionIds: readonly string[],
): Promise<Map<string, OwedEvent[]>> {
  const found = new Map<string, OwedEvent[]>();
  let count = 0;
  for (const subscriptionId of subscriptionIds) {
    const events: OwedEvent[] = [];
    let page: DeliveryRow[];
    do {
      const last = events.at(-1);
      page = await deliveries.list({
        state: 'dead',
        subscriptionId,
        topic: query.topic,
        key: query.key,
        after: last && { subscriptionId, position: last.position },
        limit: eventsPerPage,
      });
      events.push(...page.map(toOwedEvent));
      count += page.length;
      refuseTooMany(count);
    } while (page.length === eventsPerPage);
    if (events.length > 0) {
      found.set(subscriptionId, events);
    }
  }
  return found;
}

function toOwedEvent(row: DeliveryRow): OwedEvent {
  return {
    position: Number(row.position),
    id: row.event_id,
    topic: row.topic,
    key: row.key ?? undefined,
    size: row.size,
  };
}

function refuseTooMany(count: number): void {
  if (count > maxReplayedEvents) {
    throw new InputError(
      `More than ${maxReplayedEvents} events match; narrow the query, by time for example`,
    );
  }
}
