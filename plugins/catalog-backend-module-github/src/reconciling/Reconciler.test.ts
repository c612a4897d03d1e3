import { startFollower } from '../__testUtils__/Follower';
import { createTestStores } from '../__testUtils__/testStores';
import type { PushHint } from '../hints';
import { insertHints, noteScanEnded, type GithubStore } from '../repositories';
import type { Reconciler } from './Reconciler';

const stores = createTestStores();
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map(each => each.stop()));
});

/** The organization `acme` with repositories, of which no process knows yet. */
async function startAcme(
  store: GithubStore,
  options: { names: string[]; pageSize?: number; isValidating?: boolean },
) {
  const { names, pageSize = 100, isValidating = false } = options;
  const { github, clock, settings, catalog, startProcess, settle } =
    await startFollower(store, {
      makeProvider: () => ({
        organization: 'acme',
        pageSizes: { repositories: pageSize },
        validateLocationsExist: isValidating,
      }),
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
  await noteScanEnded(store, settings.name, {
    beganMs: 1,
    endedMs: 2,
    isFull: true,
    hasFailed: false,
    isWhole: true,
  });
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
  /** What a webhook told that leaves a question. */
  const event = (...some: string[]) => hintAt('event', some);
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
  return { github, catalog, startProcess, hint, event, push, settle };
}

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
    ['all that it knows', (slow: Reconciler) => slow.applyKnown()],
  ])(
    'agree with what was read last, when one stood still while it told the catalog %s',
    async (_, tell) => {
      const store = await stores.open(id);
      const { github, catalog, startProcess, hint, settle } = await startAcme(
        store,
        { names: ['site'] },
      );
      const target = 'catalog-info.yaml';
      await hint();
      await startProcess().reconciler.reconcileDue(signal);
      expect(catalog.targets).toEqual(
        new Set([expect.stringContaining(target)]),
      );

      const halt = new Halt();
      const { reconciler: slow } = startProcess({ untilTold: halt.pass });
      const { reconciler: fast } = startProcess({
        aheadMs: longerThanLeaseMs,
      });
      github.model.repositories.rename('acme/site', 'renamed');
      await hint();
      const telling = tell(slow);
      await halt.untilReached;
      github.model.repositories.delete('acme/renamed');
      await hint();
      await settle(fast);
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
    const { reconciler } = startProcess();
    await hint();
    await reconciler.reconcileDue(signal);
    github.resetRequestCounts();
    await push('emptied', '');
    await reconciler.reconcileDue(signal);
    expect(github.requestCounts.requests).toBe(0);
    expect(catalog.targets.size).toBe(2);
    // GitHub's replicas lag, so it is not looked at within a minute.
    await hint('other');
    await reconciler.reconcileDue(signal);
    expect(catalog.targets.size).toBe(2);

    await store
      .knex('callboard_github_hints')
      .where('cause', 'check')
      .update({ at_ms: 1 });
    github.resetRequestCounts();
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

describe.each(stores.ids)('hints that wait on %s', id => {
  it('are followed before others gather, if they are pushes that tell all', async () => {
    const store = await stores.open(id);
    const { github, catalog, startProcess, hint, event, push } =
      await startAcme(store, { names: ['pushed', 'both', 'other'] });
    const { reconciler } = startProcess();
    await hint();
    await reconciler.reconcileDue(signal);
    github.resetRequestCounts();
    catalog.refreshed.length = 0;
    await push('pushed', 'kind: API');
    await push('both', 'kind: API');
    await event('both', 'other');
    const isRefreshed = (name: string) =>
      catalog.refreshed.some(key => key.includes(`acme/${name}/`));
    await expect(reconciler.reconcileProven()).resolves.toMatchObject({
      hasMore: true,
    });
    expect(github.requestCounts.requests).toBe(0);
    expect(['pushed', 'both'].filter(isRefreshed)).toEqual(['pushed']);

    await expect(reconciler.reconcileDue(signal)).resolves.toMatchObject({
      hasMore: false,
    });
    expect(github.requestCounts.byKind['POST /graphql']).toBe(1);
    expect(['pushed', 'both'].filter(isRefreshed)).toEqual(['pushed', 'both']);
  });
});

describe('pushes that tell all', () => {
  it('do not wait for what GitHub says of others', async () => {
    const store = await stores.open(stores.ids[0]);
    const { github, catalog, startProcess, hint, event, push } =
      await startAcme(store, { names: ['pushed', 'other'] });
    const { reconciler } = startProcess();
    await hint();
    await reconciler.reconcileDue(signal);
    catalog.refreshed.length = 0;
    await push('pushed', 'kind: API');
    await event('other');
    const told: number[] = [];
    github.faults.failRequests('bad gateway', {
      matches() {
        told.push(catalog.refreshed.length);
        return false;
      },
    });
    await reconciler.reconcileDue(signal);
    expect(told).toHaveLength(1);
    expect(told[0]).toBeGreaterThan(0);
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
    const { reconciler } = startProcess();
    await reconciler.reconcileDue(signal);
    expect(catalog.targets).toEqual(
      new Set([
        expect.stringContaining('acme/light/'),
        expect.stringContaining('acme/lighter/'),
      ]),
    );
  });
});
