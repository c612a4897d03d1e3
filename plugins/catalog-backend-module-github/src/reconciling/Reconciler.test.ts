import { mockServices } from '@backstage/backend-test-utils';
import type {
  EntityProviderConnection,
  EntityProviderMutation,
} from '@backstage/plugin-catalog-node';
import { GithubService } from '@callboard/backstage-plugin-github-node';
import { GithubModel } from '@callboard/backstage-plugin-events-backend-test-utils';
import { GithubClock } from '../__testUtils__/GithubClock';
import { startGithub } from '../__testUtils__/startGithub';
import { createTestStores } from '../__testUtils__/testStores';
import { FollowedOwners, PageSize } from '../asking';
import type { PushHint } from '../hints';
import { ProviderTelemetry } from '../ProviderTelemetry';
import {
  addProvider,
  insertHints,
  noteScanEnded,
  type GithubStore,
} from '../repositories';
import { readProviderSettings } from '../settings';
import { Reconciler } from './Reconciler';

const stores = createTestStores();
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map(each => each.stop()));
});

/** What a catalog holds of one provider. */
class HeldLocations {
  readonly targets = new Set<unknown>();

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

/** The organization `acme` with repositories, of which no process knows yet. */
async function startAcme(
  store: GithubStore,
  options: { names: string[]; pageSize?: number; isValidating?: boolean },
) {
  const { names, pageSize = 100, isValidating = false } = options;
  const clock = new GithubClock();
  const { github, host, config } = await startGithub({
    model: new GithubModel({ now: clock.now }),
  });
  running.push(github);
  const { repositories, branches } = github.model;
  const ids = new Map(
    names.map(name => [
      name,
      repositories.create({
        owner: 'acme',
        name,
        files: { 'catalog-info.yaml': 'kind: Component' },
      }).nodeId,
    ]),
  );
  const catalog = new HeldLocations();
  const rootConfig = mockServices.rootConfig({
    data: {
      ...config,
      catalog: {
        providers: {
          github: {
            host,
            organization: 'acme',
            pageSizes: { repositories: pageSize },
            validateLocationsExist: isValidating,
          },
        },
      },
    },
  });
  const [settings] = readProviderSettings(rootConfig);
  await addProvider(store, settings.name);
  await noteScanEnded(store, settings.name, {
    beganMs: 1,
    endedMs: 2,
    hasFailed: false,
    isWhole: true,
  });
  const logger = mockServices.logger.mock();
  /** @param options.aheadMs - of the clock that its leases go by */
  const startProcess = (
    options: { aheadMs?: number; untilTold?: () => Promise<void> } = {},
  ) => {
    const connection: EntityProviderConnection = {
      async applyMutation(mutation) {
        await options.untilTold?.();
        catalog.apply(mutation);
      },
      refresh: async () => {},
    };
    return new Reconciler({
      store: {
        ...store,
        nowMs: `(${store.nowMs} + ${options.aheadMs ?? 0})`,
      },
      settings,
      owners: new FollowedOwners(
        new GithubService({ config: rootConfig, logger }),
        settings,
      ),
      pageSize: new PageSize(settings.pageSize),
      connection,
      scmEvents: mockScmEvents,
      telemetry: new ProviderTelemetry(settings.name),
      logger,
    });
  };
  const hintAt = (
    cause: 'scan' | 'event',
    some: readonly string[],
    push?: PushHint,
  ) =>
    insertHints(
      store,
      settings.name,
      some.map(name => ({
        cause,
        hint: {
          nodeId: ids.get(name) ?? '',
          owner: 'acme',
          fullName: `acme/${name}`,
          saysGone: false,
          push,
        },
        dueAtMs: 1,
      })),
      1,
    );
  const hint = (...some: string[]) =>
    hintAt('scan', some.length > 0 ? some : names);
  /** Changes the catalog file, and gives the hint of the webhook. */
  const push = async (name: string, file: string) => {
    // Else nobody could tell that it was after what is known.
    clock.pass(1_000);
    const { branch, before, after, isForced } = branches.push(`acme/${name}`, {
      commits: [{ files: { 'catalog-info.yaml': file } }],
    });
    await hintAt('event', [name], {
      branch,
      before,
      after: after?.oid,
      isForced,
      isComplete: true,
      addsOrRemoves: false,
      modifies: true,
      paths: ['catalog-info.yaml'],
      pushedAtMs: Math.floor(clock.now() / 1_000) * 1_000,
    });
  };
  return { github, catalog, startProcess, hint, push };
}

const mockScmEvents = {
  subscribe: () => ({ unsubscribe: () => {} }),
  publish: async () => {},
  markEventActionTaken: () => {},
};

/** Stands still at some instruction until it may go on. */
class Halt {
  reached = () => {};
  goOn = () => {};
  readonly untilReached = new Promise<void>(resolve => {
    this.reached = resolve;
  });
  readonly #untilGoesOn = new Promise<void>(resolve => {
    this.goOn = resolve;
  });

  readonly pass = async (): Promise<void> => {
    this.reached();
    await this.#untilGoesOn;
  };
}

const { signal } = new AbortController();
const longerThanLeaseMs = 60_000;

describe.each(stores.ids)('two processes that reconcile on %s', id => {
  it.each([
    ['of a change', (slow: Reconciler) => slow.reconcileDue(signal)],
    ['all that it knows', (slow: Reconciler) => slow.applyWhole()],
  ])(
    'agree with what was read last, when one stood still while it told the catalog %s',
    async (_, tell) => {
      const store = await stores.open(id);
      const { github, catalog, startProcess, hint } = await startAcme(store, {
        names: ['site'],
      });
      const target = 'catalog-info.yaml';
      await hint();
      await startProcess().reconcileDue(signal);
      expect(catalog.targets).toEqual(
        new Set([expect.stringContaining(target)]),
      );

      const halt = new Halt();
      const slow = startProcess({ untilTold: halt.pass });
      const fast = startProcess({ aheadMs: longerThanLeaseMs });
      github.model.repositories.rename('acme/site', 'renamed');
      await hint();
      const telling = tell(slow);
      await halt.untilReached;
      github.model.repositories.delete('acme/renamed');
      await hint();
      expect(await fast.reconcileDue(signal)).toMatchObject({
        kind: 'done',
        repositories: 1,
      });
      expect(catalog.targets).toEqual(new Set());

      halt.goOn();
      await expect(telling).rejects.toThrow('Another process reads GitHub');
      // The catalog knows no leases.
      expect(catalog.targets.size).toBe(1);
      await slow.reconcileDue(signal);
      expect(catalog.targets).toEqual(new Set());
    },
  );
});

describe.each(stores.ids)('a file that a push may have emptied, on %s,', id => {
  it('is looked at when GitHub is asked about something else, in the same question', async () => {
    const store = await stores.open(id);
    const { github, catalog, startProcess, hint, push } = await startAcme(
      store,
      { names: ['emptied', 'other'], isValidating: true },
    );
    const countQueries = () =>
      github.requestCounts.byKind['POST /graphql'] ?? 0;
    const reconciler = startProcess();
    await hint();
    await reconciler.reconcileDue(signal);
    github.resetRequestCounts();
    await push('emptied', '');
    await reconciler.reconcileDue(signal);
    expect(github.requestCounts.requests).toBe(0);
    expect(catalog.targets.size).toBe(2);

    await hint('other');
    await reconciler.reconcileDue(signal);
    expect(countQueries()).toBe(1);
    expect(catalog.targets).toEqual(
      new Set([expect.stringContaining('acme/other/')]),
    );
    await reconciler.reconcileDue(signal);
    expect(countQueries()).toBe(1);
  });
});

describe('a repository that GitHub cannot tell of', () => {
  it('does not hold up the others', async () => {
    const store = await stores.open(stores.ids[0]);
    const { github, catalog, startProcess, hint } = await startAcme(store, {
      names: ['heavy', 'light', 'lighter'],
      pageSize: 1,
    });
    await hint();
    // It is asked three times before it is given up.
    github.faults.failRequests('bad gateway', { times: 3 });
    const reconciler = startProcess();
    await reconciler.reconcileDue(signal);
    expect(catalog.targets).toEqual(
      new Set([
        expect.stringContaining('acme/light/'),
        expect.stringContaining('acme/lighter/'),
      ]),
    );
  });
});
