import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { CaptureDialect } from './CaptureDialect';
import { emitterTable, readColumns, silentAfterDays } from './names';
import { postgres } from './postgres';
import { sqlite } from './sqlite';

const dialects: Record<string, CaptureDialect> = {
  pg: postgres,
  'better-sqlite3': sqlite,
};

/** What {@link TaskCapture.install} found. */
export type Installation =
  /** The scaffolder has not made its tables yet, or they are not as this module knows them. */
  | 'waiting'
  /** The triggers stood, and still do. */
  | 'present'
  /** They were made for the first time. */
  | 'installed'
  /** They were there once, and were made anew: by a migration of the scaffolder they had gone, or this version has others. */
  | 'renewed';

const emitterSchema = z.object({
  definition: z.string(),
  seen_at: z.coerce.date(),
});

/** The triggers in the scaffolder's database that write down every change of a task's status. */
export class TaskCapture {
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
        `Changes of tasks are caught on PostgreSQL and SQLite, but the database of the scaffolder is '${client}'`,
      );
    }
    this.#knex = knex;
    this.#dialect = dialect;
    this.#definition = createHash('sha256')
      .update([...dialect.createTables, ...dialect.createTriggers].join('\n'))
      .digest('hex');
  }

  /**
   * Makes the triggers, where they are not as this version has them. Safe in several replicas at once.
   *
   * @throws Error when somebody keeps the scaffolder's tables locked, or the role may not make triggers
   */
  async install(): Promise<Installation> {
    try {
      if (!(await this.#hasTables())) {
        return 'waiting';
      }
      if (await this.#stands(this.#knex)) {
        return 'present';
      }
      return await this.#dialect.changeTriggers(this.#knex, trx =>
        this.#install(trx),
      );
    } catch (error) {
      throw new Error(
        'The triggers that catch changes of tasks could not be made',
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
        'The triggers that catch changes of tasks are not there, or are of another version. Start the scaffolder once with migrations (backend.database.skipMigrations: false)',
      );
    }
    return 'present';
  }

  async #hasTables(): Promise<boolean> {
    for (const [table, columns] of Object.entries(readColumns)) {
      for (const column of columns) {
        // False without the table, too.
        if (!(await this.#knex.schema.hasColumn(table, column))) {
          return false;
        }
      }
    }
    return true;
  }

  async #install(trx: Knex.Transaction): Promise<Installation> {
    const { createTables, createTriggers, dropTriggers, now } = this.#dialect;
    // Another replica may have been faster.
    if (await this.#stands(trx)) {
      return 'present';
    }
    for (const statement of createTables) {
      await trx.raw(statement);
    }
    const known = await this.#read(trx);
    for (const statement of [...dropTriggers, ...createTriggers]) {
      await trx.raw(statement);
    }
    await trx(emitterTable)
      .insert({ id: 1, definition: this.#definition, seen_at: trx.raw(now) })
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

  /** Removes the triggers and what they need, apart from the outbox. */
  async remove(): Promise<void> {
    const { dropTriggers, dropTables } = this.#dialect;
    await this.#dialect.changeTriggers(this.#knex, async trx => {
      for (const statement of [...dropTriggers, ...dropTables]) {
        await trx.raw(statement);
      }
    });
  }
}
