import { makeHint, makeNewHint, makeState } from '../../__testUtils__/fixtures';
import {
  createTestStores,
  otherProvider,
  provider,
  unfenced,
} from '../../__testUtils__/testStores';
import type { GithubStore } from '../GithubStore';
import { insertHints } from './insertHints';
import {
  countRepositories,
  findUnlisted,
  listKnownOwners,
  noteScanBegan,
  noteScanEnded,
  noteLookedUntil,
  readLookedUntil,
  readScanProgress,
} from './scans';
import { settleRepositories } from './settleRepositories';

const stores = createTestStores();

const settle = (
  store: GithubStore,
  listing: string | undefined,
  names: string[],
  of: string = provider,
  owner: string = 'Acme',
) =>
  settleRepositories(
    store,
    of,
    names.map(name => ({
      nodeId: `R_${name}`,
      state: makeState(name, { owner }),
      explanation: 'is read',
      listing,
      hintIds: [],
      outcome: '',
    })),
    1,
    unfenced,
  );

describe.each(stores.ids)('how far scans are on %s', id => {
  it('is nothing before the first one', async () => {
    const store = await stores.open(id);
    expect(await readScanProgress(store, provider)).toMatchObject({
      settings: undefined,
      fullScanMs: undefined,
    });
    expect(await readLookedUntil(store, provider, 'acme')).toBeUndefined();
  });

  const nowMs = 1_800_000_000_000;
  const ended = (afterMs: number) => ({
    beganMs: nowMs + afterMs,
    endedMs: nowMs + afterMs + 1,
    isFull: false,
    hasFailed: false,
    isWhole: true,
  });
  const read = (store: GithubStore, of = provider) =>
    readScanProgress(store, of);

  it('is when the last full one began, and when the last one ended', async () => {
    const store = await stores.open(id);
    await noteScanEnded(store, provider, { ...ended(0), isFull: true });
    await noteScanEnded(store, provider, ended(2));
    expect(await read(store)).toMatchObject({
      fullScanMs: nowMs,
      wholeMs: nowMs + 3,
      endedMs: nowMs + 3,
    });
    expect((await read(store, otherProvider)).fullScanMs).toBeUndefined();
  });

  it('is how many have begun since the last one at which nobody failed, and when the catalog was last given the whole', async () => {
    const store = await stores.open(id);
    await noteScanEnded(store, provider, ended(0));
    await noteScanBegan(store, provider, nowMs + 10, 'x');
    await noteScanEnded(store, provider, ended(10));
    expect(await read(store)).toMatchObject({ inVain: 0 });
    for (const afterMs of [20, 30]) {
      await noteScanBegan(store, provider, nowMs + afterMs, 'x');
      await noteScanEnded(store, provider, {
        ...ended(afterMs),
        hasFailed: true,
        isWhole: false,
      });
    }
    await noteScanBegan(store, provider, nowMs + 40, 'x');
    expect(await read(store)).toMatchObject({
      beganMs: nowMs + 40,
      endedMs: nowMs + 11,
      wholeMs: nowMs + 11,
      inVain: 3,
    });
    await noteScanEnded(store, provider, { ...ended(40), isWhole: false });
    expect(await read(store)).toMatchObject({
      endedMs: nowMs + 41,
      wholeMs: nowMs + 11,
      inVain: 0,
    });
  });

  it('is nothing again when a scan begins with another configuration', async () => {
    const store = await stores.open(id);
    await noteScanBegan(store, provider, nowMs, 'x');
    await noteScanEnded(store, provider, { ...ended(0), isFull: true });
    await noteLookedUntil(store, provider, 'acme', 1);
    await noteLookedUntil(store, otherProvider, 'acme', 1);
    await noteScanBegan(store, provider, nowMs + 10, 'x');
    expect(await readLookedUntil(store, provider, 'acme')).toBe(1);
    expect((await read(store)).wholeMs).toBe(nowMs + 1);
    await noteScanBegan(store, provider, nowMs + 20, 'y');
    expect(await readLookedUntil(store, provider, 'acme')).toBeUndefined();
    expect(await readLookedUntil(store, otherProvider, 'acme')).toBe(1);
    expect(await read(store)).toMatchObject({
      settings: 'y',
      beganMs: nowMs + 20,
      fullScanMs: undefined,
      wholeMs: undefined,
      inVain: 1,
    });
    await noteLookedUntil(store, provider, 'acme', 2);
    await noteScanBegan(store, provider, nowMs + 30, 'y');
    expect(await readLookedUntil(store, provider, 'acme')).toBe(2);
  });

  it('is until when each owner was looked at, whichever case the name has', async () => {
    const store = await stores.open(id);
    await noteLookedUntil(store, provider, 'Acme', 1_800_000_000_000);
    await noteLookedUntil(store, provider, 'globex', 0);
    expect(await readLookedUntil(store, provider, 'aCME')).toBe(
      1_800_000_000_000,
    );
    await noteLookedUntil(store, provider, 'acme', 1_800_000_000_001);
    expect(await readLookedUntil(store, provider, 'acme')).toBe(
      1_800_000_000_001,
    );
    expect(await readLookedUntil(store, provider, 'globex')).toBe(0);
    expect(await readLookedUntil(store, otherProvider, 'acme')).toBe(undefined);
  });

  it('is how many repositories of an owner are known', async () => {
    const store = await stores.open(id);
    await settle(store, undefined, ['a', 'b']);
    await settle(store, undefined, ['c'], provider, 'globex');
    await settle(store, undefined, ['d'], otherProvider);
    expect(await countRepositories(store, provider, 'ACME')).toBe(2);
    expect(await countRepositories(store, provider, 'none')).toBe(0);
  });
});

describe.each(stores.ids)('what a full scan did not see on %s', id => {
  const find = async (store: GithubStore, owner: string) =>
    (await findUnlisted(store, provider, 'scan 2', owner))
      .map(({ nodeId }) => nodeId)
      .sort();

  it('is everything else that is known of an owner', async () => {
    const store = await stores.open(id);
    await settle(store, 'scan 2', ['seen']);
    await settle(store, 'scan 1', ['former']);
    await settle(store, undefined, ['unseen']);
    await settle(store, 'scan 1', ['theirs'], provider, 'globex');
    await settle(store, 'scan 1', ['elsewhere'], otherProvider);
    expect(await find(store, 'ACME')).toEqual(['R_former', 'R_unseen']);
    expect(await listKnownOwners(store, provider)).toEqual(
      expect.arrayContaining(['acme', 'globex']),
    );
  });

  it('is looked at as something that may be gone', async () => {
    const store = await stores.open(id);
    await settle(store, 'scan 1', ['Site']);
    expect(await findUnlisted(store, provider, 'scan 2', 'acme')).toEqual([
      {
        nodeId: 'R_Site',
        owner: 'acme',
        fullName: 'acme/site',
        saysGone: true,
      },
    ]);
  });

  it('is not looked at twice, because of an earlier scan that found it missing', async () => {
    const store = await stores.open(id);
    await settle(store, 'scan 1', ['hinted', 'pushed', 'other']);
    await insertHints(
      store,
      provider,
      [
        { cause: 'scan', hint: makeHint('hinted'), dueAtMs: 9_999 },
        // What a webhook told may have been before the scan.
        makeNewHint('pushed', 9_999),
      ],
      1,
    );
    await insertHints(
      store,
      otherProvider,
      [{ cause: 'scan', hint: makeHint('other'), dueAtMs: 9_999 }],
      1,
    );
    expect(await find(store, 'acme')).toEqual(['R_other', 'R_pushed']);
  });
});
