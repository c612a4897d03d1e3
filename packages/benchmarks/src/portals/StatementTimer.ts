import type { Knex } from 'knex';
import type { StatementTimes } from './orders';

/** Statements are told apart by so many characters of their text. */
const textLength = 150;
/** A claim writes its batch down here. */
const claimed = /insert into ["`]?callboard_batches/i;

/** Times the statements that one process sends to the database, transactions included. */
export class StatementTimer {
  readonly #started = new Map<string, number>();
  readonly #statements = new Map<string, { count: number; totalMs: number }>();
  readonly #batchesMs: number[] = [];
  #sinceBatchMs = 0;

  constructor(knex: Knex) {
    knex.on('query', (query: Query) =>
      this.#started.set(query.__knexQueryUid, performance.now()),
    );
    knex.on('query-response', (_, query: Query) => this.#end(query));
    knex.on('query-error', (_, query: Query) => this.#end(query));
  }

  read(): StatementTimes {
    const statements = [...this.#statements].map(([text, times]) => ({
      text,
      ...times,
    }));
    return {
      statements: statements.sort((a, b) => b.totalMs - a.totalMs),
      batchesMs: this.#batchesMs,
    };
  }

  #end({ __knexQueryUid: id, sql }: Query): void {
    const start = this.#started.get(id);
    if (start === undefined) {
      return;
    }
    this.#started.delete(id);
    const ms = performance.now() - start;
    const text = sql.slice(0, textLength).replace(/\s+/g, ' ');
    const times = this.#statements.get(text);
    if (times) {
      times.count += 1;
      times.totalMs += ms;
    } else {
      this.#statements.set(text, { count: 1, totalMs: ms });
    }
    this.#sinceBatchMs += ms;
    if (claimed.test(sql)) {
      this.#batchesMs.push(this.#sinceBatchMs);
      this.#sinceBatchMs = 0;
    }
  }
}

/** What knex says of a query; a query has one id from its start to its end. */
interface Query {
  __knexQueryUid: string;
  sql: string;
}
