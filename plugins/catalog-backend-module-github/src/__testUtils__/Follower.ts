import { mockServices } from '@backstage/backend-test-utils';
import type { JsonObject } from '@backstage/types';
import type {
  EntityProviderConnection,
  EntityProviderMutation,
} from '@backstage/plugin-catalog-node';
import { GithubModel } from '@callboard/backstage-plugin-events-backend-test-utils';
import { GithubService } from '@callboard/backstage-plugin-github-node';
import { FollowedOwners, PageSize } from '../asking';
import { ProviderTelemetry } from '../ProviderTelemetry';
import { Reconciler } from '../reconciling';
import { addProvider, noteProvider, type GithubStore } from '../repositories';
import { Scanner } from '../scanning';
import { readProviderSettings } from '../settings';
import { GithubClock } from './GithubClock';
import { startGithub } from './startGithub';

/** What a catalog holds of one provider. */
export class HeldLocations {
  readonly targets = new Set<unknown>();
  /** Keys of what it was to read again, in the order they came. */
  readonly refreshed: string[] = [];

  /** As `owner/name` of the repositories, in order. */
  get names(): string[] {
    return [...this.targets]
      .map(target => new URL(String(target)).pathname.split('/'))
      .map(([, owner, name]) => `${owner}/${name}`)
      .sort();
  }

  apply(mutation: EntityProviderMutation): void {
    if (mutation.type === 'full') {
      this.targets.clear();
    } else {
      mutation.removed.forEach(each => this.targets.delete(readTarget(each)));
    }
    const added = mutation.type === 'full' ? mutation.entities : mutation.added;
    added.forEach(each => this.targets.add(readTarget(each)));
  }
}

function readTarget(each: { entity: { spec?: object } } | object): unknown {
  const { spec } = 'entity' in each ? each.entity : { spec: undefined };
  return spec && 'target' in spec ? spec.target : undefined;
}

/** A process that follows for the provider. */
export interface FollowerProcess {
  reconciler: Reconciler;
  scanner: Scanner;
}

/**
 * The insides of a provider, without its loop and its schedule: with a GitHub on localhost, a store, and what a catalog would
 * hold.
 *
 * @param options.organizations - have installed the app
 * @param options.makeProvider - its settings; the first of the organizations is followed unless given
 */
export async function startFollower(
  store: GithubStore,
  options: {
    organizations?: string[];
    makeProvider?: (appId: number) => JsonObject;
    reachThrough?: (apiBaseUrl: string) => Promise<string>;
  } = {},
) {
  const { organizations = ['acme'], makeProvider, reachThrough } = options;
  const clock = new GithubClock();
  const { github, host, appId, config } = await startGithub({
    organizations,
    reachThrough,
    model: new GithubModel({ now: clock.now }),
  });
  const rootConfig = mockServices.rootConfig({
    data: {
      ...config,
      catalog: {
        providers: {
          github: {
            host,
            ...(makeProvider?.(appId) ?? { organization: organizations[0] }),
          },
        },
      },
    },
  });
  const [settings] = readProviderSettings(rootConfig);
  await addProvider(store, settings.name);
  await noteProvider(store, settings.name, Date.now());
  const catalog = new HeldLocations();
  const logger = mockServices.logger.mock();
  /**
   * @param process.aheadMs - of the clock that its leases go by
   * @param process.untilTold - is waited for before the catalog is told
   */
  const startProcess = (
    process: { aheadMs?: number; untilTold?: () => Promise<void> } = {},
  ): FollowerProcess => {
    const connection: EntityProviderConnection = {
      async applyMutation(mutation) {
        await process.untilTold?.();
        catalog.apply(mutation);
      },
      refresh: async ({ keys }) => {
        catalog.refreshed.push(...keys);
      },
    };
    const parts = {
      store: {
        ...store,
        nowMs: `(${store.nowMs} + ${process.aheadMs ?? 0})`,
      },
      settings,
      owners: new FollowedOwners(
        new GithubService({ config: rootConfig, logger }),
        settings,
      ),
      pageSize: new PageSize(settings.pageSize),
      connection,
      scmEvents: {
        subscribe: () => ({ unsubscribe: () => {} }),
        publish: async () => {},
        markEventActionTaken: () => {},
      },
      telemetry: new ProviderTelemetry(settings.name),
      logger,
    };
    const reconciler = new Reconciler(parts);
    const scanner = new Scanner({ ...parts, reconciler, onHints: () => {} });
    return { reconciler, scanner };
  };
  /** Follows the hints that wait, as if time passed for those that are to be asked about again. */
  const settle = async (reconciler: Reconciler): Promise<void> => {
    const letTimePass = () =>
      store
        .knex('callboard_github_hints')
        .whereNotNull('due_at_ms')
        .update({ due_at_ms: 1 });
    while ((await letTimePass()) > 0) {
      await reconciler.reconcileDue(new AbortController().signal);
    }
  };
  return { github, clock, settings, catalog, logger, startProcess, settle };
}
