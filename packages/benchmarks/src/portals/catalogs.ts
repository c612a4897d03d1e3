import { setTimeout as delay } from 'node:timers/promises';
import { resolvePackagePath } from '@backstage/backend-plugin-api';
import type {
  BenchmarkDatabase,
  DatabaseKind,
} from '../databases/BenchmarkDatabase';
import type { Workbench } from '../Workbench';
import type { EntityPiece } from './orders';
import { Portal } from './Portal';

/** A portal with the stock catalog. */
export interface CatalogPortal {
  name: string;
  module: string;
}

const modulePath = (name: string) =>
  resolvePackagePath('benchmarks', `src/portals/${name}.ts`);

export const silentCatalog: CatalogPortal = {
  name: 'without the module',
  module: modulePath('catalog'),
};

export const tellingCatalog: CatalogPortal = {
  name: 'with the module',
  module: modulePath('catalogThatTells'),
};

export const heardCatalog: CatalogPortal = {
  name: 'with the module and a subscriber',
  module: modulePath('catalogThatIsHeard'),
};

/** The packages that these portals are made of. */
export const catalogPackages = [
  '@backstage/backend-defaults',
  '@backstage/plugin-catalog-backend',
  '@callboard/backstage-plugin-events-backend',
  '@callboard/backstage-plugin-catalog-backend-module-events',
];

const lookMs = 50;
const limitMs = 10 * 60_000;

/** Starts a portal on an empty database; removes both when the use of it is over. */
export async function withCatalog<T>(
  workbench: Workbench,
  kind: DatabaseKind,
  { module }: CatalogPortal,
  use: (portal: Portal) => Promise<T>,
): Promise<T> {
  const database: BenchmarkDatabase = await kind.create(workbench);
  try {
    const portal = await Portal.start(workbench, {
      module,
      database: database.config,
      config: {
        catalog: {
          locations: [],
          // No entity comes round a second time while it is measured.
          processingInterval: { hours: 10 },
          events: { contract: { enabled: false } },
        },
      },
    });
    try {
      return await use(portal);
    } finally {
      await portal.end();
    }
  } finally {
    await database.drop();
  }
}

/** The same with several portals side by side, by their names. */
export async function withCatalogs<T>(
  workbench: Workbench,
  kind: DatabaseKind,
  catalogs: readonly CatalogPortal[],
  use: (portals: ReadonlyMap<string, Portal>) => Promise<T>,
  started: ReadonlyMap<string, Portal> = new Map(),
): Promise<T> {
  const [next, ...others] = catalogs;
  return next
    ? withCatalog(workbench, kind, next, portal =>
        withCatalogs(
          workbench,
          kind,
          others,
          use,
          new Map([...started, [next.name, portal]]),
        ),
      )
    : use(started);
}

/** Waits until the catalog serves a piece of its entities, and has nothing left to write. */
export async function waitUntilServed(
  portal: Portal,
  piece: EntityPiece,
): Promise<void> {
  const end = performance.now() + limitMs;
  for (;;) {
    const { served, waiting } = await portal.order('catalogState', piece);
    if (served === piece.count && waiting === 0) {
      return;
    }
    if (performance.now() > end) {
      throw new Error(
        `The catalog serves ${served} of ${piece.count} entities, and ${waiting} wait to be written`,
      );
    }
    await delay(lookMs);
  }
}
