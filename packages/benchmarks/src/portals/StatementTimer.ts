import type { Knex } from 'knex';
import type { StatementTimes } from './orders';

/** Statements are told apart by so many characters of their text. */
const textLength = 150;
/** A claim writes its batch down here. */
const claimed = /insert into ["`]?callboard_batches|callboard_claim/i;

/** knex does not tell when these end. */
const untimed = /^(BEGIN|COMMIT|ROLLBACK)/;

/** Times the statements that one process sends to the database, but for the begin and the end of transactions. */
export class StatementTimer {
  readonly #started = new Map<string, number>();
  readonly #statements = new Map<string, { count: number; totalMs: number }>();
  readonly #batches: StatementTimes['batches'] = [];
  #sinceBatchMs = 0;
  #batchAtMs = performance.now();

  constructor(knex: Knex) {
    knex.on('query', ({ __knexQueryUid: id, sql }: Query) => {
      if (!untimed.test(sql)) {
        this.#started.set(id, performance.now());
      }
    });
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
      batches: this.#batches,
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
      const nowMs = performance.now();
      this.#batches.push({
        statementsMs: this.#sinceBatchMs,
        intervalMs: nowMs - this.#batchAtMs,
      });
      this.#sinceBatchMs = 0;
      this.#batchAtMs = nowMs;
    }
  }
}

/** What knex says of a query; a query has one id from its start to its end. */
interface Query {
  __knexQueryUid: string;
  sql: string;
}
