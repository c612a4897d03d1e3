import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { CaptureDialect } from './CaptureDialect';
import { emitterTable, silentAfterDays, watchedTables } from './names';
import { postgres } from './postgres';
import { sqlite } from './sqlite';
import { takeSnapshot, type Snapshot } from './takeSnapshot';
import { withLocks } from './withLocks';

const dialects: Record<string, CaptureDialect> = {
  pg: postgres,
  'better-sqlite3': sqlite,
};

/** What {@link ChangeCapture.install} found. */
export type Installation =
  /** The catalog has not made its tables yet. */
  | 'waiting'
  /** The triggers stood, and still do. */
  | 'present'
  /** They were made for the first time. */
  | 'installed'
  /** They were there once, and were made anew: by a migration of the catalog they had gone, or this version has others. */
  | 'renewed';

const emitterSchema = z.object({
  definition: z.string(),
  seen_at: z.coerce.date(),
});

/** The triggers in the catalog's database that write down every change. */
export class ChangeCapture {
  readonly #knex: Knex;
  readonly #dialect: CaptureDialect;
  /** Tells triggers of this version from those of others. */
  readonly #definition: string;

  /** @throws Error for a database other than PostgreSQL and SQLite */
  constructor(knex: Knex) {
    const client = String(knex.client.config.client);
    const dialect = dialects[client];
    if (!dialect) {
      throw new Error(
        `Changes of the catalog are caught on PostgreSQL and SQLite, but its database is '${client}'`,
      );
    }
    this.#knex = knex;
    this.#dialect = dialect;
    this.#definition = createHash('sha256')
      .update(dialect.createStatements.join('\n'))
      .digest('hex');
  }

  /**
   * Makes the triggers, where they are not as this version has them. Safe in several replicas at once.
   *
   * @throws Error when somebody keeps the catalog's tables locked, or the role may not make triggers
   */
  async install(): Promise<Installation> {
    try {
      return await withLocks(this.#knex, this.#dialect, trx =>
        this.#install(trx),
      );
    } catch (error) {
      throw new Error(
        'The triggers that catch changes of the catalog could not be made',
        { cause: error },
      );
    }
  }

  /**
   * Looks for the triggers where they may not be made.
   *
   * @throws Error when they are not as this version has them, with the remedy
   */
  async find(): Promise<'present'> {
    if (!(await this.#stands(this.#knex))) {
      throw new Error(
        'The triggers that catch changes of the catalog are not there, or are of another version. Start the catalog once with migrations (backend.database.skipMigrations: false)',
      );
    }
    return 'present';
  }

  async #install(trx: Knex.Transaction): Promise<Installation> {
    const { createStatements, dropStatements } = this.#dialect;
    const tables = await Promise.all(
      watchedTables.map(table => trx.schema.hasTable(table)),
    );
    if (tables.includes(false)) {
      return 'waiting';
    }
    if (await this.#stands(trx)) {
      return 'present';
    }
    await this.#dialect.lockTriggers(trx);
    // Another replica may have been faster.
    if (await this.#stands(trx)) {
      return 'present';
    }
    await trx.raw(
      `CREATE TABLE IF NOT EXISTS ${emitterTable} (
         id integer PRIMARY KEY CHECK (id = 1),
         definition text NOT NULL,
         seen_at ${this.#dialect.timeType} NOT NULL
       )`,
    );
    const known = await this.#read(trx);
    for (const statement of [...dropStatements, ...createStatements]) {
      await trx.raw(statement);
    }
    await trx(emitterTable)
      .insert({
        id: 1,
        definition: this.#definition,
        seen_at: trx.raw(this.#dialect.now),
      })
      .onConflict('id')
      .merge(['definition']);
    return known ? 'renewed' : 'installed';
  }

  async #stands(knex: Knex): Promise<boolean> {
    const present = await this.#dialect.listTriggers(knex);
    return (
      this.#dialect.triggers.every(name => present.includes(name)) &&
      (await knex.schema.hasTable(emitterTable)) &&
      (await this.#read(knex))?.definition === this.#definition
    );
  }

  async #read(knex: Knex) {
    const row: unknown = await knex(emitterTable).first(
      'definition',
      'seen_at',
    );
    return row === undefined ? undefined : emitterSchema.parse(row);
  }

  /**
   * Says that a process with this module runs, so that the triggers go on.
   *
   * @returns since when nobody had said so, if that is so long ago that the triggers were silent
   */
  async sayAlive(): Promise<Date | undefined> {
    const known = await this.#read(this.#knex);
    await this.#knex(emitterTable).update({
      seen_at: this.#knex.raw(this.#dialect.now),
    });
    const silentAfterMs = silentAfterDays * 24 * 60 * 60 * 1_000;
    return known && Date.now() - known.seen_at.getTime() > silentAfterMs
      ? known.seen_at
      : undefined;
  }

  /** Writes down everything that the catalog has; see {@link takeSnapshot}. */
  snapshot(): Promise<Snapshot> {
    return takeSnapshot(this.#knex, this.#dialect);
  }

  /** Removes the triggers and what they need, apart from the outbox. */
  async remove(): Promise<void> {
    await withLocks(this.#knex, this.#dialect, async trx => {
      for (const statement of this.#dialect.dropStatements) {
        await trx.raw(statement);
      }
      await trx.schema.dropTableIfExists(emitterTable);
    });
  }
}
