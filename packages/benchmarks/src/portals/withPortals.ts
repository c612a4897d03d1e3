import type { JsonObject } from '@backstage/types';
import { postgres } from '../databases/postgres';
import type { Workbench } from '../Workbench';
import { Portal } from './Portal';
import type { EventsSystem } from './systems';

/** Two portals of one system on one new database: replicas, as far as they know. */
export interface PortalPair {
  publisher: Portal;
  reader: Portal;
}

/**
 * Starts a pair of portals, measures with them, and ends them.
 *
 * @throws Error that names the system
 */
export async function withPortals<T>(
  workbench: Workbench,
  system: EventsSystem,
  measure: (portals: PortalPair) => Promise<T>,
): Promise<T> {
  const database = await postgres.create(workbench);
  const started: Portal[] = [];
  const start = async (module: string, config: JsonObject) => {
    const portal = await Portal.start(workbench, {
      module,
      database: database.config,
      config,
    });
    started.push(portal);
    return portal;
  };
  try {
    // One after the other: the stock plugin's migrations fail when another process is at them.
    const reader = await start(system.readerModule, {});
    const publisher = await start(
      system.publisherModule,
      system.configurePublisher?.(reader.baseUrl) ?? {},
    );
    return await measure({ publisher, reader });
  } catch (error) {
    throw new Error(`${system.name}: ${error}`, { cause: error });
  } finally {
    await Promise.all(started.map(portal => portal.end()));
    await database.drop();
  }
}
