import { postgres } from '../databases/postgres';
import type { MeasuringOptions } from '../MeasuringOptions';
import { print, printSetup } from '../report/print';
import { systemPackages, systems, type EventsSystem } from './systems';

/**
 * Writes the setup of a question about portals that share a database, and chooses whom to ask.
 *
 * @param setup - what is measured, a line each
 * @param candidates - whom the question is about
 * @returns nobody when there is no PostgreSQL, or the options leave nobody
 */
export async function chooseSystems(
  question: string,
  setup: readonly string[],
  options: MeasuringOptions,
  candidates: readonly EventsSystem[] = systems,
): Promise<readonly EventsSystem[]> {
  const server = await postgres.describe();
  printSetup(question, systemPackages, [
    ...setup,
    server ?? 'There is no PostgreSQL here',
  ]);
  const chosen = candidates.filter(
    ({ name }) => options.contestants?.includes(name) ?? true,
  );
  const isWanted = (options.database ?? postgres.name) === postgres.name;
  if (!server || !isWanted || chosen.length === 0) {
    print('Left out: several processes need PostgreSQL, and a contestant');
    return [];
  }
  return chosen;
}
