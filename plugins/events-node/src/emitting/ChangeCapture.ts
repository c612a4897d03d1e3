import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { z } from 'zod';
import { capitalise } from './capitalise';
import type { CaptureDialect } from './dialects/CaptureDialect';
import { createPostgresDialect } from './dialects/postgres';
import { createSqliteDialect } from './dialects/sqlite';
import { nameObjects, silentAfterDays } from './names';
import type { WatchedPlugin } from './WatchedPlugin';
import { withLocks } from './withLocks';

const dialects: Record<string, (plugin: WatchedPlugin) => CaptureDialect> = {
  pg: createPostgresDialect,
  'better-sqlite3': createSqliteDialect,
};

/** What {@link ChangeCapture.install} found. */
export type Installation =
  /** The plugin has not made its tables yet, or they are not as the emitter knows them. */
  | 'waiting'
  /** The triggers stood, and still do. */
  | 'present'
  /** They were made for the first time. */
  | 'installed'
  /** They were there once, and were made anew: by a migration of the plugin they had gone, or this version has others. */
  | 'renewed';

/** Between what the triggers are made from and what their functions are. */
const separator = '.';

function hash(statements: Iterable<string>): string {
  return createHash('sha256')
    .update([...statements].join('\n'))
    .digest('hex');
}

const emitterSchema = z.object({
  definition: z.string(),
  seen_at: z.coerce.date(),
});

/** The triggers in a plugin's database that write down every change. */
export class ChangeCapture {
  readonly plugin: WatchedPlugin;
  readonly #knex: Knex;
  readonly #dialect: CaptureDialect;
  readonly #emitterTable: string;
  /** Tells triggers of this version from those of others. */
  readonly #definition: string;

  /**
   * @param knex - of the plugin
   * @throws Error for a database other than PostgreSQL and SQLite
   */
  constructor(knex: Knex, plugin: WatchedPlugin) {
    const client = String(knex.client.config.client);
    const createDialect = dialects[client];
    if (!createDialect) {
      throw new Error(
        `${capitalise(
          plugin.words.changes,
        )} are caught on PostgreSQL and SQLite, but the database of ${
          plugin.words.plugin
        } is '${client}'`,
      );
    }
    this.#knex = knex;
    this.plugin = plugin;
    this.#dialect = createDialect(plugin);
    this.#emitterTable = nameObjects(plugin.pluginId).emitterTable;
    const { createTables, createTriggers, renewFunctions } = this.#dialect;
    const triggers = hash([...createTables, ...createTriggers.values()]);
    this.#definition = `${triggers}${separator}${hash(renewFunctions)}`;
  }

  /**
   * Makes the triggers, where they are not as this version has them. Safe in several replicas at once.
   *
   * @param options.snapshotDue - whether to remember, when they are made for the first time, that what is there already is
   *   to be told of; see {@link ChangeCapture.takeDueSnapshot}
   * @throws Error when somebody keeps the plugin's tables locked, or the role may not make triggers
   */
  async install(
    options: { snapshotDue?: boolean } = {},
  ): Promise<Installation> {
    try {
      if (!(await this.#hasColumns())) {
        return 'waiting';
      }
      if (await this.#stands(this.#knex)) {
        return 'present';
      }
      return await this.withLocks(trx =>
        this.#install(trx, options.snapshotDue ?? false),
      );
    } catch (error) {
      throw new Error(
        `The triggers that catch ${this.plugin.words.changes} could not be made`,
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
    const { changes, plugin } = this.plugin.words;
    if (!(await this.#stands(this.#knex))) {
      throw new Error(
        `The triggers that catch ${changes} are not there, or are of another version. Start ${plugin} once with migrations (backend.database.skipMigrations: false)`,
      );
    }
    return 'present';
  }

  async #hasColumns(): Promise<boolean> {
    for (const [table, columns] of Object.entries(this.plugin.columns)) {
      for (const column of columns) {
        // False without the table, too.
        if (!(await this.#knex.schema.hasColumn(table, column))) {
          return false;
        }
      }
    }
    return true;
  }

  async #install(
    trx: Knex.Transaction,
    snapshotDue: boolean,
  ): Promise<Installation> {
    const { createTables, snapshotDueType, now } = this.#dialect;
    await this.#dialect.lockTriggers(trx);
    // Another replica may have been faster.
    if (await this.#stands(trx)) {
      return 'present';
    }
    for (const statement of createTables) {
      await trx.raw(statement);
    }
    if (!(await trx.schema.hasColumn(this.#emitterTable, 'snapshot_due'))) {
      await trx.raw(
        `ALTER TABLE ${
          this.#emitterTable
        } ADD COLUMN snapshot_due ${snapshotDueType}`,
      );
    }
    const known = await this.#read(trx);
    await this.#makeTriggers(trx, known?.definition);
    await trx(this.#emitterTable)
      .insert({
        id: 1,
        definition: this.#definition,
        seen_at: trx.raw(now),
        snapshot_due: snapshotDue,
      })
      .onConflict('id')
      .merge(['definition']);
    return known ? 'renewed' : 'installed';
  }

  /** Leaves alone what is as it should be: whoever makes or removes a trigger holds up everybody else at its table. */
  async #makeTriggers(
    trx: Knex.Transaction,
    knownDefinition: string | undefined,
  ): Promise<void> {
    const { renewFunctions, createTriggers, dropTriggers } = this.#dialect;
    for (const statement of renewFunctions) {
      await trx.raw(statement);
    }
    const triggersOf = (definition = '') => definition.split(separator)[0];
    const present =
      triggersOf(knownDefinition) === triggersOf(this.#definition)
        ? await this.#dialect.listTriggers(trx)
        : [];
    for (const [name, statement] of createTriggers) {
      if (!present.includes(name)) {
        await trx.raw(dropTriggers.get(name) ?? '');
        await trx.raw(statement);
      }
    }
  }

  async #stands(knex: Knex): Promise<boolean> {
    const present = await this.#dialect.listTriggers(knex);
    return (
      [...this.#dialect.createTriggers.keys()].every(name =>
        present.includes(name),
      ) &&
      (await knex.schema.hasTable(this.#emitterTable)) &&
      (await this.#read(knex))?.definition === this.#definition
    );
  }

  async #read(knex: Knex) {
    const row: unknown = await knex(this.#emitterTable).first(
      'definition',
      'seen_at',
    );
    return row === undefined ? undefined : emitterSchema.parse(row);
  }

  /**
   * Says that a process with this emitter runs, so that the triggers go on.
   *
   * @returns since when nobody had said so, if that is so long ago that the triggers were silent
   */
  async sayAlive(): Promise<Date | undefined> {
    const known = await this.#read(this.#knex);
    await this.#knex(this.#emitterTable).update({
      seen_at: this.#knex.raw(this.#dialect.now),
    });
    const silentAfterMs = silentAfterDays * 24 * 60 * 60 * 1_000;
    return known && Date.now() - known.seen_at.getTime() > silentAfterMs
      ? known.seen_at
      : undefined;
  }

  /**
   * Tells of what was there before the triggers, if that is due still and no other replica is at it. What is cut off, or
   * fails, stays due.
   *
   * @param take - writes it into the outbox
   * @throws whatever `take` threw
   */
  async takeDueSnapshot(take: () => Promise<void>): Promise<void> {
    const findDue = () =>
      this.#knex(this.#emitterTable).where({ snapshot_due: true }).first('id');
    if (!(await findDue())) {
      return;
    }
    await this.#dialect.runAlone(this.#knex, async () => {
      // Another replica may have been faster.
      if (await findDue()) {
        await take();
        await this.#knex(this.#emitterTable).update({ snapshot_due: false });
      }
    });
  }

  /**
   * Runs a transaction that locks what belongs to the plugin, without holding anybody up for long.
   *
   * @throws whatever `work` threw; at last, that somebody else keeps a lock
   */
  withLocks<T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
    return withLocks(this.#knex, this.#dialect, work);
  }

  /** Removes the triggers and what they need, apart from the outbox. */
  async remove(): Promise<void> {
    const { dropTriggers, dropFunctions, dropTables } = this.#dialect;
    await this.withLocks(async trx => {
      await this.#dialect.lockTriggers(trx);
      // On PostgreSQL the triggers go with their function, and may be on a table that is not there.
      const triggers = dropFunctions.length > 0 ? [] : dropTriggers.values();
      for (const statement of [...triggers, ...dropFunctions, ...dropTables]) {
        await trx.raw(statement);
      }
    });
  }
}
