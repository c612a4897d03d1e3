import type { Knex } from 'knex';

/** A commit has begun when it is seen; so often, and so long after, to look whether it is over, in milliseconds. */
const looksAfterMs = [5, 50, 250];

/** What knex says of a statement, as far as it is used here. */
interface Statement {
  sql: string;
  /** Of the connection. */
  __knexUid: string;
  /** Of the transaction that it is part of, if it is; `COMMIT` is not. */
  __knexTxId?: string;
}

/**
 * Sees in the statements of this process when something may have been written to some tables: a hint, and no more.
 *
 * @remarks
 * A statement by itself is committed when it is answered. One of a transaction is committed with it; knex tells when it
 * sends the commit, and not when that is answered.
 */
export class WriteWatch {
  readonly #knex: Knex;
  /** Matches the beginning of those that matter: every statement of the plugin comes by here. */
  readonly #writes: RegExp;
  readonly #onWritten: () => void;
  /** Connections with a transaction that has written. */
  readonly #writing = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();

  /** @param options.statements - how they begin, in small letters and without quotes */
  constructor(options: {
    knex: Knex;
    statements: readonly string[];
    onWritten: () => void;
  }) {
    this.#knex = options.knex;
    this.#onWritten = options.onWritten;
    const beginnings = options.statements.map(statement =>
      statement.split(' ').join(' ["`]?'),
    );
    this.#writes = new RegExp(`^(${beginnings.join('|')})["\`]? `, 'i');
  }

  start(): void {
    this.#knex.on('query', this.#onQuery);
    this.#knex.on('query-response', this.#onResponse);
  }

  stop(): void {
    this.#knex.removeListener('query', this.#onQuery);
    this.#knex.removeListener('query-response', this.#onResponse);
    this.#timers.forEach(clearTimeout);
    this.#timers.clear();
  }

  readonly #onResponse = (_response: unknown, statement: Statement) => {
    if (!this.#writes.test(statement.sql)) {
      return;
    }
    if (statement.__knexTxId === undefined) {
      this.#onWritten();
    } else {
      this.#writing.add(statement.__knexUid);
    }
  };

  readonly #onQuery = ({ sql, __knexUid: connection }: Statement) => {
    if (!/^(commit|rollback)\b(?! to)/i.test(sql)) {
      return;
    }
    // Others that commit are none of ours: the relay itself does.
    if (this.#writing.delete(connection) && /^commit/i.test(sql)) {
      looksAfterMs.forEach(ms => this.#lookAfter(ms));
    }
  };

  #lookAfter(ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#onWritten();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }
}
