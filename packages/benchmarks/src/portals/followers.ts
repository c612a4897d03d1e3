import { resolvePackagePath } from '@backstage/backend-plugin-api';
import type { JsonObject } from '@backstage/types';
import type { DatabaseKind } from '../databases/BenchmarkDatabase';
import {
  login,
  type Organization,
  type PortalApp,
} from '../github/Organization';
import type { Workbench } from '../Workbench';
import { scanTask } from './followerTasks';
import { Portal } from './Portal';

/** A portal whose catalog follows GitHub. */
export interface Follower {
  name: string;
  module: string;
  /** Whether GitHub sends it webhooks. */
  isTold: boolean;
  /** Of the scan, as it is recommended. */
  schedule: JsonObject;
  /** Below `catalog`, besides the provider. */
  catalog?: JsonObject;
}

const modulePath = (name: string) =>
  resolvePackagePath('benchmarks', `src/portals/${name}.ts`);

export const stockFollower: Follower = {
  name: 'stock',
  module: modulePath('stockGithubFollower'),
  isTold: false,
  schedule: { frequency: { minutes: 30 }, timeout: { minutes: 3 } },
};

export const callboardFollower: Follower = {
  name: 'callboard',
  module: modulePath('githubFollower'),
  isTold: true,
  schedule: { frequency: { days: 1 }, timeout: { hours: 1 } },
};

/** The packages that these portals are made of. */
export const followerPackages = [
  '@backstage/backend-defaults',
  '@backstage/plugin-catalog-backend',
  '@backstage/plugin-catalog-backend-module-github',
  '@callboard/backstage-plugin-events-backend',
  '@callboard/backstage-plugin-events-backend-module-github',
  '@callboard/backstage-plugin-catalog-backend-module-github',
];

/** With which the portals let their API be read. */
export const readingToken = 'reads-the-catalog-for-the-benchmark';

const scanLimitMs = 10 * 60_000;

/** A portal that runs, and the app with which it asks GitHub. */
export interface RunningFollower {
  portal: Portal;
  app: PortalApp;
}

/** Starts a portal on an empty database and has it scan once; removes both when the use of it is over. */
export async function withFollower<T>(
  workbench: Workbench,
  kind: DatabaseKind,
  follower: Follower,
  options: {
    organization: Organization;
    /** Of `catalog.providers.github`, besides what it follows and when. */
    provider?: JsonObject;
    /** Below `catalog`, besides what the follower has. */
    catalog?: JsonObject;
  },
  use: (running: RunningFollower) => Promise<T>,
): Promise<T> {
  const { organization, provider, catalog } = options;
  const database = await kind.create(workbench);
  try {
    const app = organization.addApp(follower.name.replaceAll(/\W+/g, '-'));
    const portal = await Portal.start(workbench, {
      module: follower.module,
      database: database.config,
      config: {
        ...app.config,
        backend: {
          auth: {
            externalAccess: [
              {
                type: 'static',
                options: { token: readingToken, subject: 'benchmark' },
              },
            ],
          },
        },
        catalog: {
          locations: [],
          ...catalog,
          ...follower.catalog,
          providers: {
            github: {
              host: organization.host,
              organization: login,
              schedule: follower.schedule,
              ...provider,
            },
          },
        },
      },
    });
    try {
      if (follower.isTold) {
        app.sendWebhooksTo(`${portal.baseUrl}/api/events/http/github`);
      }
      await scan(portal);
      return await use({ portal, app });
    } finally {
      await portal.end();
    }
  } finally {
    await database.drop();
  }
}

/** Runs a scan to its end. */
export async function scan(portal: Portal): Promise<void> {
  await portal.order('runTask', { id: scanTask }, scanLimitMs);
}

/** @throws Error when the catalog was not told exactly of what it is to have */
export async function checkTargets(
  { portal }: RunningFollower,
  organization: Organization,
): Promise<void> {
  const told = new Set(await portal.order('readTargets', null));
  const wanted = organization.listTargets();
  const missing = wanted.filter(target => !told.has(target));
  if (missing.length > 0 || told.size !== wanted.length) {
    throw new Error(
      `The catalog was told of ${told.size} locations instead of ${wanted.length}, and misses ${missing.length}, such as ${missing[0]}`,
    );
  }
}
