import { resolvePackagePath } from '@backstage/backend-plugin-api';
import type { BenchmarkDatabase } from '../databases/BenchmarkDatabase';
import type { LoadResult } from '../messages';

/** Who is measured. */
export interface Contestant {
  name: string;
  /** Module that runs it. */
  module: string;
  /**
   * Looks at what it stored, after its process was killed.
   *
   * @param load - what was sent to it, the warm-up aside
   * @returns a sentence for the report
   * @throws Error when a promise is broken
   */
  inspect?(database: BenchmarkDatabase, load: LoadResult): Promise<string>;
}

const modulePath = (name: string) =>
  resolvePackagePath('benchmarks', `src/contestants/${name}.ts`);

export const stock: Contestant = {
  name: 'stock',
  module: modulePath('stock'),
  async inspect(database, { acknowledged }) {
    if (database.config.client !== 'pg') {
      return 'keeps events in memory on this database';
    }
    const [{ count }] = await database.read<{ count: string }>(
      'SELECT count(*) AS count FROM event_bus_events',
    );
    return `${count} rows in event_bus_events after ${acknowledged.length} answers of 202`;
  },
};

export const callboard: Contestant = {
  name: 'callboard',
  module: modulePath('callboard'),
  async inspect(database, { acknowledged, deliveryPrefix }) {
    for (const topic of ['github', 'github.push']) {
      const rows = await database.read<{ deduplication_id: string }>(
        `SELECT deduplication_id FROM callboard_events
           WHERE topic = '${topic}' AND deduplication_id LIKE '${deliveryPrefix}%'`,
      );
      const stored = new Set(rows.map(row => row.deduplication_id));
      const missing = acknowledged.filter(id => !stored.has(id));
      if (missing.length > 0 || rows.length !== acknowledged.length) {
        throw new Error(
          `${acknowledged.length} pushes were answered with 202, the log has ${rows.length} events of ${topic}, and misses ${missing.length}`,
        );
      }
    }
    return `${acknowledged.length} answers of 202, as many events of github and of github.push in the log`;
  },
};

export const emptyHandler: Contestant = {
  name: 'empty handler',
  module: modulePath('emptyHandler'),
};

export const emptyHandlerReadingBody: Contestant = {
  name: 'empty handler that reads the body',
  module: modulePath('emptyHandlerReadingBody'),
};
