import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatTable } from '../report/formatTable';
import { formatCount, formatMs, print } from '../report/print';
import type { StatementTimes } from './orders';
import type { EventsSystem } from './systems';
import type { PortalPair } from './withPortals';

const shownStatements = 12;
const parts = ['publisher', 'reader'] as const;

/** Writes down what portals do while they are measured. */
export class Profiler {
  readonly #folder: string;

  /** @param folder - where CPU profiles go */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(portals: PortalPair, system: EventsSystem): Promise<void> {
    for (const part of parts) {
      if (system.isWatched) {
        await portals[part].order('timeStatements', null);
      }
      await portals[part].order('startProfile', null);
    }
  }

  async stop(portals: PortalPair, system: EventsSystem): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const part of parts) {
      const file = join(
        this.#folder,
        `${system.name}-${part}-${Date.now()}.cpuprofile`,
      );
      await portals[part].order('stopProfile', { file });
      print(`\nCPU profile of the ${part}: ${file}`);
      if (system.isWatched) {
        const times = await portals[part].order('statementTimes', null);
        print(`Statements of the ${part}:\n`);
        print(
          formatTable(
            ['statement', 'count', 'ms each', 'share'],
            listStatements(times),
          ),
        );
      }
    }
  }
}

function listStatements({ statements }: StatementTimes): string[][] {
  const allMs = statements.reduce((sum, { totalMs }) => sum + totalMs, 0);
  return statements
    .slice(0, shownStatements)
    .map(({ text, count, totalMs }) => [
      text.replaceAll('|', '\\|'),
      formatCount(count),
      formatMs(totalMs / count),
      `${((totalMs / allMs) * 100).toFixed(0)} %`,
    ]);
}
