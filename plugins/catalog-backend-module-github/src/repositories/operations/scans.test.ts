import {
  createTestStores,
  makeHint,
  makeNewHint,
  makeState,
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
    hasFailed: false,
    isWhole: true,
  });

  it('is what the last full scan went by, and when it began', async () => {
    const store = await stores.open(id);
    await noteScanEnded(store, provider, {
      ...ended(-1_000),
      full: { settings: 'one' },
    });
    await noteScanEnded(store, provider, {
      ...ended(0),
      full: { settings: 'two' },
    });
    await noteScanEnded(store, provider, ended(2));
    expect(await readScanProgress(store, provider)).toMatchObject({
      settings: 'two',
      fullScanMs: nowMs,
      wholeMs: nowMs + 3,
      endedMs: nowMs + 3,
    });
    expect((await readScanProgress(store, otherProvider)).settings).toBe(
      undefined,
    );
  });

  it('is when the last one ended at which nobody failed, and when the catalog was last given the whole', async () => {
    const store = await stores.open(id);
    await noteScanEnded(store, provider, ended(0));
    await noteScanEnded(store, provider, { ...ended(10), isWhole: false });
    expect(await readScanProgress(store, provider)).toMatchObject({
      endedMs: nowMs + 11,
      wholeMs: nowMs + 1,
    });
    await noteScanEnded(store, provider, {
      ...ended(20),
      hasFailed: true,
      isWhole: false,
    });
    expect(await readScanProgress(store, provider)).toMatchObject({
      endedMs: nowMs + 11,
      wholeMs: nowMs + 1,
    });
  });

  it('is nothing again when what is configured is scanned for the first time', async () => {
    const store = await stores.open(id);
    await noteScanEnded(store, provider, ended(0));
    await noteLookedUntil(store, provider, 'acme', 1);
    await noteLookedUntil(store, otherProvider, 'acme', 1);
    await noteScanBegan(store, provider, nowMs, false);
    expect(await readLookedUntil(store, provider, 'acme')).toBe(1);
    await noteScanBegan(store, provider, nowMs, true);
    expect(await readLookedUntil(store, provider, 'acme')).toBeUndefined();
    expect(await readLookedUntil(store, otherProvider, 'acme')).toBe(1);
    expect(await readScanProgress(store, provider)).toMatchObject({
      beganMs: nowMs,
      wholeMs: undefined,
    });
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
