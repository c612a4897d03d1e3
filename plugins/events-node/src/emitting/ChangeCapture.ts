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
  /** The outbox is gone: another process removed everything that the emitter had made. */
  | 'removed'
  /** The triggers stood, and still do. */
  | 'present'
  /** They were made for the first time. */
  | 'installed'
  /** They took the place of those of an earlier version, which stood. */
  | 'renewed'
  /** They had gone, or wrote nowhere, and were made anew: what changed meanwhile was not written down. */
  | 'restored';

/** Between what the triggers are made from and what their functions are. */
const separator = '.';

function hash(statements: Iterable<string>): string {
  return createHash('sha256')
    .update([...statements].join('\n'))
    .digest('hex');
}

const emitterSchema = z.object({
  version: z.number(),
  definition: z.string(),
  schema_name: z.string().nullable(),
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
  readonly #outboxTable: string;
  readonly #emitterTable: string;
  /** Tells triggers of this version from those that were made otherwise. */
  readonly #definition: string;
  readonly #stopping = new AbortController();

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
    const { outboxTable, emitterTable } = nameObjects(plugin.pluginId);
    this.#outboxTable = outboxTable;
    this.#emitterTable = emitterTable;
    const { createTables, createTriggers, renewFunctions } = this.#dialect;
    this.#definition = [
      hash([...createTables, ...createTriggers.values()]),
      hash(renewFunctions('')),
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
      if ((await this.#look(this.#knex)).stands) {
        return 'present';
      }
      return await this.#withLocks(trx =>
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
    if (!(await this.#look(this.#knex)).stands) {
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
    const { createTables, emitterColumns, now } = this.#dialect;
    await this.#dialect.lockTriggers(trx);
    if (!(await trx.schema.hasTable(this.#outboxTable))) {
      return 'removed';
    }
    // Another replica may have been faster.
    const found = await this.#look(trx);
    if (found.stands) {
      return 'present';
    }
    for (const statement of createTables) {
      await trx.raw(statement);
    }
    for (const [column, type] of Object.entries(emitterColumns)) {
      if (!(await trx.schema.hasColumn(this.#emitterTable, column))) {
        await trx.raw(
          `ALTER TABLE ${this.#emitterTable} ADD COLUMN ${column} ${type}`,
        );
      }
    }
    const known = await this.#read(trx);
    await this.#makeTriggers(trx, found, known?.definition);
    await trx(this.#emitterTable)
      .insert({
        id: 1,
        version: this.plugin.version,
        definition: this.#definition,
        schema_name: found.schema,
        seen_at: trx.raw(now),
        snapshot_from: snapshotDue ? beginning : null,
      })
      .onConflict('id')
      .merge(['version', 'definition', 'schema_name']);
    if (!known) {
      return 'installed';
    }
    const wroteElsewhere =
      known.schema_name !== null && known.schema_name !== found.schema;
    const hadGone =
      known.version === this.plugin.version
        ? found.missing.length > 0
        : found.triggers.length === 0;
    return wroteElsewhere || hadGone ? 'restored' : 'renewed';
  }

  /** Leaves alone what is as it should be: whoever makes or removes a trigger holds up everybody else at its table. */
  async #makeTriggers(
    trx: Knex.Transaction,
    found: { schema: string; triggers: string[] },
    knownDefinition: string | undefined,
  ): Promise<void> {
    const { renewFunctions, createTriggers } = this.#dialect;
    for (const statement of renewFunctions(found.schema)) {
      await trx.raw(statement);
    }
    const triggersOf = (definition = '') => definition.split(separator)[0];
    const isAsBefore =
      triggersOf(knownDefinition) === triggersOf(this.#definition);
    const remaining = isAsBefore
      ? found.triggers.filter(name => createTriggers.has(name))
      : [];
    for (const name of found.triggers) {
      if (!remaining.includes(name)) {
        await trx.raw(dropTrigger(name));
      }
    }
    for (const [name, statement] of createTriggers) {
      if (!remaining.includes(name)) {
        // One that is disabled is not found.
        await trx.raw(dropTrigger(name));
        await trx.raw(statement);
      }
    }
  }

  /** What is there, and whether it is as this version has it, or a later one, which is left alone. */
  async #look(knex: Knex) {
    const { createTriggers, listTriggers, findSchema } = this.#dialect;
    const [triggers, schema] = [
      await listTriggers(knex),
      await findSchema(knex),
    ];
    const missing = [...createTriggers.keys()].filter(
      name => !triggers.includes(name),
    );
    const known = (await knex.schema.hasColumn(this.#emitterTable, 'version'))
      ? await this.#read(knex)
      : undefined;
    const isLater = known !== undefined && known.version > this.plugin.version;
    const isAsHere =
      known?.version === this.plugin.version &&
      known.definition === this.#definition &&
      known.schema_name === schema &&
      missing.length === 0;
    return { schema, triggers, missing, stands: isLater || isAsHere };
  }

  async #read(knex: Knex) {
    const row: unknown = await knex(this.#emitterTable).first();
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
    return this.#withLocks(async trx => {
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
   * @throws whatever `work` threw; at last, that somebody else keeps a lock; AbortError when it was stopped
   */
  #withLocks<T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
    return withLocks(this.#knex, this.#dialect, this.#stopping.signal, work);
  }

  /** Removes the triggers and what they need, apart from the outbox. */
  async remove(): Promise<void> {
    const { listTriggers, dropFunctions, dropTables } = this.#dialect;
    await this.#withLocks(async trx => {
      await this.#dialect.lockTriggers(trx);
      // On PostgreSQL the triggers go with their function, and may be on a table that is not there.
      const triggers =
        dropFunctions.length > 0
          ? []
          : (await listTriggers(trx)).map(dropTrigger);
      for (const statement of [...triggers, ...dropFunctions, ...dropTables]) {
        await trx.raw(statement);
      }
    });
  }

  /** Waits no longer for locks; may be called at any time. */
  stop(): void {
    this.#stopping.abort();
  }
}

/** @param name - of `listTriggers`: on PostgreSQL with its table */
const dropTrigger = (name: string) => `DROP TRIGGER IF EXISTS ${name}`;
