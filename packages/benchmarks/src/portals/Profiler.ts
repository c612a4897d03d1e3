import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatTable } from '../report/formatTable';
import { formatCount, formatMs, print } from '../report/print';
import type { StatementTimes } from './orders';
import type { EventsSystem } from './systems';
import type { Portal } from './Portal';

const shownStatements = 12;

/** Writes down what portals do while they are measured. */
export class Profiler {
  readonly #folder: string;

  /** @param folder - where CPU profiles go */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param portals - by the part that each has */
  async start(
    portals: Readonly<Record<string, Portal>>,
    system: EventsSystem,
  ): Promise<void> {
    for (const portal of Object.values(portals)) {
      if (system.isWatched) {
        await portal.order('timeStatements', null);
      }
      await portal.order('startProfile', null);
    }
  }

  async stop(
    portals: Readonly<Record<string, Portal>>,
    system: EventsSystem,
  ): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const [part, portal] of Object.entries(portals)) {
      const file = join(
        this.#folder,
        `${system.name}-${part}-${Date.now()}.cpuprofile`,
      );
      await portal.order('stopProfile', { file });
      print(`\nCPU profile of the ${part}: ${file}`);
      if (system.isWatched) {
        const times = await portal.order('statementTimes', null);
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
