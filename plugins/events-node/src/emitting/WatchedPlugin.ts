/** What an emitter knows of the plugin that it watches. Everything else is the same for all emitters. */
export interface WatchedPlugin {
  /** Small letters; part of the names of what the emitter makes. The topic of its rows, too. */
  pluginId: string;
  words: {
    /** The plugin, such as `the catalog`. */
    plugin: string;
    /** What is told of, such as `changes of the catalog`. */
    changes: string;
    /** Why the tables may be unknown, besides another version of the plugin: `or …`. */
    orElse?: string;
    /** What to do when changes were not told of, in whole sentences. Without it there is nothing to be done. */
    remedy?: string;
  };
  /**
   * Of the triggers: to be increased with any change of them, or of what is around them. A process leaves those of a later
   * version alone, so that versions that run side by side do not take them from each other.
   */
  version: number;
  /** The version of the plugin whose tables are known. */
  knownVersion: string;
  /** What the triggers read: columns by table. No trigger is made before all of them are there. */
  columns: Readonly<Record<string, readonly string[]>>;
  /**
   * How the statements begin that write what the triggers tell of, as the plugin sends them, in small letters and without
   * quotes: `insert into things`. What begins so is looked for in the outbox at once; all else within a second.
   */
  wakeOn: readonly string[];
  postgres: PostgresTriggers;
  sqlite: SqliteTriggers;
}

/** The middle of a trigger function in PL/pgSQL; {@link createPostgresDialect} tells what is around it. */
export interface PostgresTriggers {
  /** Declarations of variables. */
  declare: string;
  /**
   * Statements that set `payload`, which is null, to JSON text when there is something to tell of. They may set
   * `metadata`, which is `'{}'`, and may return. A table or column that is not there is caught; other errors are errors of
   * the plugin.
   */
  body: string;
  /** After what the function runs for each row: events by table. */
  after: Readonly<Record<string, string>>;
}

/** Whole triggers, since SQLite has no functions. */
export interface SqliteTriggers {
  /** Tables that the triggers need: what is in the parentheses, by name. */
  tables?: Readonly<Record<string, string>>;
  /**
   * By name, which begins with `callboard_<pluginId>_`, from `AFTER` on. They write with {@link insertChange}. A trigger may name no table of the plugin but its own:
   * SQLite renames no table while a trigger names one that is not there, so no migration could rebuild the other.
   */
  triggers: Readonly<Record<string, string>>;
}
