import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { DatabaseKind } from './BenchmarkDatabase';

function query<TRow>(file: string, text: string): TRow[] {
  const database = new Database(file);
  try {
    return database.prepare(text).all() as TRow[];
  } finally {
    database.close();
  }
}

/** SQLite: a new file for each measurement. */
export const sqlite: DatabaseKind = {
  name: 'sqlite',

  async describe() {
    const [{ version }] = query<{ version: string }>(
      ':memory:',
      'SELECT sqlite_version() AS version',
    );
    return `SQLite ${version}, a file`;
  },

  async create(workbench) {
    const directory = await mkdtemp(join(tmpdir(), 'callboard-bench-'));
    return {
      config: { client: 'better-sqlite3', connection: { directory } },
      read: async text => query(join(directory, 'events.sqlite'), text),
      drop: workbench.add(() => rm(directory, { recursive: true })),
    };
  },
};
