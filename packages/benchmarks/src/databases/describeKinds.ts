import type { MeasuringOptions } from '../MeasuringOptions';
import { print } from '../report/print';
import type { DatabaseKind } from './BenchmarkDatabase';
import { postgres } from './postgres';
import { sqlite } from './sqlite';

/**
 * Writes which databases are measured on, and with which settings.
 *
 * @returns those that are there and wanted
 */
export async function describeKinds({
  database,
}: Pick<MeasuringOptions, 'database'>): Promise<DatabaseKind[]> {
  const kinds: DatabaseKind[] = [];
  for (const kind of [postgres, sqlite]) {
    const description =
      (database ?? kind.name) === kind.name ? await kind.describe() : undefined;
    print(description ?? `${kind.name} is left out`);
    if (description) {
      kinds.push(kind);
    }
  }
  print('');
  return kinds;
}
