import type {
  AppendOutcome,
  EventFilter,
  EventLog,
  LogEvent,
  LogSlice,
  NewEvent,
} from '@callboard/backstage-plugin-events-node';
import type { Store } from '../database';
import type { OwedEvent } from '../model/batch';
import { appendEvents } from './operations/appendEvents';
import {
  listEvents,
  type EventHead,
  type EventListing,
} from './operations/listEvents';
import { findDeduplicationIds } from './operations/findDeduplicationIds';
import { findPositionBefore } from './operations/findPositionBefore';
import { findNext } from './operations/findNext';
import { listTopics } from './operations/listTopics';
import { readAfter } from './operations/readAfter';
import { readCompleteSince } from './operations/readCompleteSince';
import { readEventById, readEvents, readHeads } from './operations/readEvents';
import { trimEvents } from './operations/trimEvents';
import { trimTopics } from './operations/trimTopics';

/**
 * The log in SQL, on PostgreSQL and SQLite.
 *
 * @remarks
 * `callboard_log` holds one row: the tail. An append moves the tail and inserts behind it in one transaction. The row
 * lock makes appends queue up, across replicas too, so a position that can be seen has no lower one still to commit.
 * The price is one append at a time; the group commit makes each of them carry many events.
 */
export class SqlEventLog implements EventLog {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  append(events: readonly NewEvent[]): Promise<AppendOutcome[]> {
    return appendEvents(this.#store, events);
  }

  readAfter(
    position: number,
    filter: EventFilter,
    limit: { events: number; bytes: number },
  ): Promise<LogSlice> {
    return readAfter(this.#store.knex, position, filter, limit);
  }

  async tail(): Promise<number> {
    const { tail } = await this.ends();
    return tail;
  }

  /** Where the log begins (positions up to `head` are trimmed) and ends. */
  async ends(): Promise<{ head: number; tail: number }> {
    const row = await this.#store
      .knex('callboard_log')
      .where({ id: 1 })
      .first('head', 'tail');
    return { head: Number(row.head), tail: Number(row.tail) };
  }

  trim(
    upTo: number,
    limit: number,
    topics?: readonly string[],
  ): Promise<number> {
    return topics
      ? trimTopics(this.#store.knex, upTo, limit, topics)
      : trimEvents(this.#store, upTo, limit);
  }

  /** Events without their payloads. */
  list(listing: EventListing): Promise<EventHead[]> {
    return listEvents(this.#store.knex, listing);
  }

  /** Events at the given positions, as far as they are not trimmed. */
  readPositions(positions: readonly number[]): Promise<LogEvent[]> {
    return readEvents(this.#store.knex, positions);
  }

  /** What deliveries keep of the events at the given positions, as far as they are not trimmed. */
  readHeads(positions: readonly number[]): Promise<OwedEvent[]> {
    return readHeads(this.#store.knex, positions);
  }

  /** Position of the next event of some topics, or of all, behind a position. */
  findNext(
    position: number,
    topics: readonly string[] | undefined,
  ): Promise<number | undefined> {
    return findNext(this.#store.knex, position, topics);
  }

  /** One event. */
  readById(id: string): Promise<LogEvent | undefined> {
    return readEventById(this.#store.knex, id);
  }

  /** Which of some deduplication ids of a topic the log has. */
  findDeduplicationIds(
    topic: string,
    ids: readonly string[],
  ): Promise<string[]> {
    return findDeduplicationIds(this.#store.knex, topic, ids);
  }

  /** Since when nothing has been trimmed, but for ephemeral topics; milliseconds since the epoch. */
  readCompleteSince(): Promise<number> {
    return readCompleteSince(this.#store.knex);
  }

  /** Topics that the log has events of, with the newest event of each. */
  topics(): ReturnType<typeof listTopics> {
    return listTopics(this.#store.knex);
  }

  /** Position of the newest event before a time; the head of the log when there is none. */
  positionBefore(timeMs: number): Promise<number> {
    return findPositionBefore(this.#store.knex, timeMs);
  }

  /** Position of the newest event that is older than an age in milliseconds, by the clock of the store. */
  positionOlderThan(ageMs: number): Promise<number> {
    const { knex, dialect } = this.#store;
    return findPositionBefore(knex, knex.raw(`${dialect.nowMs} - ?`, [ageMs]));
  }
}
