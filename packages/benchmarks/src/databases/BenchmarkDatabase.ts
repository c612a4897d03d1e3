import type { JsonObject } from '@backstage/types';
import type { Workbench } from '../Workbench';

/** A database that was made for one measurement. */
export interface BenchmarkDatabase {
  /** For `backend.database`. */
  config: JsonObject;
  /** Reads rows of the events plugin, from outside of the backend. */
  read<TRow>(query: string): Promise<TRow[]>;
  /** Opens a connection to look again and again; only where processes wait for each other's locks. */
  watch?(): Promise<{
    read<TRow>(query: string): Promise<TRow[]>;
    end(): Promise<void>;
  }>;
  /** Removes it. */
  drop(): Promise<void>;
}

/** A kind of database that contestants are measured on. */
export interface DatabaseKind {
  name: string;
  /** Its version, and the settings that decide how durable a commit is; undefined when it is not there. */
  describe(): Promise<string | undefined>;
  create(workbench: Workbench): Promise<BenchmarkDatabase>;
}
