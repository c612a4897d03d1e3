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

/** Where a snapshot begins. */
const beginning = '';

/** A page of a snapshot that was written into the outbox. */
export interface SnapshotPage {
  /** How many rows it has. */
  rows: number;
  /** Where the next one begins, in words of whoever writes them; undefined when this was the last. */
  next: string | undefined;
}

/**
 * Writes a page of what the plugin has into the outbox, as if all of it had been made just now.
 *
 * @param trx - locks what it reads, so that a change that comes later has a later place in the outbox
 * @param from - the `next` of the page before; undefined for the first
 */
export type WriteSnapshotPage = (
  trx: Knex.Transaction,
  from: string | undefined,
) => Promise<SnapshotPage>;

/** The triggers in a plugin's database that write down every change. */
export class ChangeCapture {
  readonly plugin: WatchedPlugin;
  readonly #knex: Knex;
  readonly #dialect: CaptureDialect;
  readonly #emitterTable: string;

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
  }

  /** Tells triggers of this version, in this schema, from others. */
  #define(schema: string): string {
    const { createTables, createTriggers, renewFunctions } = this.#dialect;
    return [
      hash([...createTables, ...createTriggers.values()]),
      hash(renewFunctions(schema)),
    ].join(separator);
  }

  /**
   * Makes the triggers, where they are not as this version has them. Safe in several replicas at once.
   *
   * @param options.snapshotDue - whether to remember, when they are made for the first time, that what is there already is
   *   to be told of; see {@link ChangeCapture.writeDuePage}
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
    const { createTables, findSchema, now } = this.#dialect;
    await this.#dialect.lockTriggers(trx);
    // Another replica may have been faster.
    if (await this.#stands(trx)) {
      return 'present';
    }
    for (const statement of createTables) {
      await trx.raw(statement);
    }
    const known = await this.#read(trx);
    const schema = await findSchema(trx);
    await this.#makeTriggers(trx, schema, known?.definition);
    await trx(this.#emitterTable)
      .insert({
        id: 1,
        definition: this.#define(schema),
        seen_at: trx.raw(now),
        snapshot_from: snapshotDue ? beginning : null,
      })
      .onConflict('id')
      .merge(['definition']);
    return known ? 'renewed' : 'installed';
  }

  /** Leaves alone what is as it should be: whoever makes or removes a trigger holds up everybody else at its table. */
  async #makeTriggers(
    trx: Knex.Transaction,
    schema: string,
    knownDefinition: string | undefined,
  ): Promise<void> {
    const { renewFunctions, createTriggers, dropTriggers } = this.#dialect;
    for (const statement of renewFunctions(schema)) {
      await trx.raw(statement);
    }
    const triggersOf = (definition = '') => definition.split(separator)[0];
    const present =
      triggersOf(knownDefinition) === triggersOf(this.#define(schema))
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
      (await this.#read(knex))?.definition ===
        this.#define(await this.#dialect.findSchema(knex))
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
   * Remembers that a snapshot is to be taken.
   *
   * @returns false when one is due already, or under way
   */
  async requestSnapshot(): Promise<boolean> {
    const marked = await this.#knex(this.#emitterTable)
      .whereNull('snapshot_from')
      .update({ snapshot_from: beginning });
    return marked > 0;
  }

  /**
   * Writes a page of the snapshot that is due, and how far it is, in one transaction: what is cut off goes on there. Replicas
   * may do so side by side, and write each page once.
   *
   * @returns undefined when no snapshot is due
   * @throws whatever `writePage` threw; the snapshot stays due
   */
  writeDuePage(
    writePage: WriteSnapshotPage,
  ): Promise<SnapshotPage | undefined> {
    return this.withLocks(async trx => {
      const emitter: { snapshot_from: string | null } | undefined = await trx(
        this.#emitterTable,
      )
        .forUpdate()
        .first('snapshot_from');
      const from = emitter?.snapshot_from ?? undefined;
      if (from === undefined) {
        return undefined;
      }
      const page = await writePage(trx, from === beginning ? undefined : from);
      await trx(this.#emitterTable).update({
        snapshot_from: page.next ?? null,
      });
      return page;
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
