import {
  createTestStores,
  otherProvider,
  provider,
} from '../../__testUtils__/testStores';
import type { GithubStore } from '../GithubStore';
import { acquireLease, addProvider, releaseLease, renewLease } from './leases';
import { noteScanBegan, readScanProgress } from './scans';

const stores = createTestStores();
const leaseMs = 500;

/** The store when its clock says something. */
const at = (store: GithubStore, nowMs: number): GithubStore => ({
  ...store,
  nowMs: String(nowMs),
});

describe.each(stores.ids)('the right to read and apply on %s', id => {
  it('is had by one at a time, for each provider', async () => {
    const store = await stores.open(id);
    expect(await acquireLease(store, provider, 'a', leaseMs)).toBe(true);
    expect(await acquireLease(store, provider, 'b', leaseMs)).toBe(false);
    expect(await acquireLease(store, provider, 'a', leaseMs)).toBe(false);
    expect(await acquireLease(store, otherProvider, 'b', leaseMs)).toBe(true);
  });

  it('is taken by one of many who try at once', async () => {
    const store = await stores.open(id);
    const taken = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        acquireLease(store, provider, `ticket ${index}`, leaseMs),
      ),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  it('is nobody’s of a provider that is not known', async () => {
    const store = await stores.open(id);
    expect(await acquireLease(store, 'github-provider:x', 'a', leaseMs)).toBe(
      false,
    );
  });

  it('lapses by the clock of the store, and is then lost', async () => {
    const store = await stores.open(id);
    expect(await acquireLease(at(store, 1_000), provider, 'a', leaseMs)).toBe(
      true,
    );
    expect(await acquireLease(at(store, 1_500), provider, 'b', leaseMs)).toBe(
      false,
    );
    expect(await acquireLease(at(store, 1_501), provider, 'b', leaseMs)).toBe(
      true,
    );
    expect(await renewLease(at(store, 1_502), provider, 'a', leaseMs)).toBe(
      false,
    );
  });

  it('lasts longer when it is renewed in time, by whoever has it', async () => {
    const store = await stores.open(id);
    await acquireLease(at(store, 1_000), provider, 'a', leaseMs);
    expect(await renewLease(at(store, 1_400), provider, 'b', leaseMs)).toBe(
      false,
    );
    expect(await renewLease(at(store, 1_400), provider, 'a', leaseMs)).toBe(
      true,
    );
    expect(await acquireLease(at(store, 1_900), provider, 'b', leaseMs)).toBe(
      false,
    );
    expect(await acquireLease(at(store, 1_901), provider, 'b', leaseMs)).toBe(
      true,
    );
  });

  it('cannot be renewed once it has lapsed, although nobody has taken it', async () => {
    const store = await stores.open(id);
    await acquireLease(at(store, 1_000), provider, 'a', leaseMs);
    expect(await renewLease(at(store, 1_501), provider, 'a', leaseMs)).toBe(
      false,
    );
  });

  it('is free when it was given back, by whoever had it', async () => {
    const store = await stores.open(id);
    await acquireLease(store, provider, 'a', 60_000);
    await releaseLease(store, provider, 'b');
    expect(await acquireLease(store, provider, 'b', leaseMs)).toBe(false);
    await releaseLease(store, provider, 'a');
    expect(await acquireLease(store, provider, 'b', leaseMs)).toBe(true);
    expect(await renewLease(store, provider, 'a', leaseMs)).toBe(false);
  });

  it('goes by a clock that tells milliseconds since the epoch', async () => {
    const store = await stores.open(id);
    const before = Date.now();
    const [row] = await store
      .knex('callboard_github_providers')
      .select(store.knex.raw(`${store.nowMs} AS now_ms`))
      .limit(1);
    // The server's clock may not be quite that of this process.
    expect(Number(row.now_ms)).toBeGreaterThan(before - 60_000);
    expect(Number(row.now_ms)).toBeLessThan(Date.now() + 60_000);
  });

  it('leaves a provider as it is that is known', async () => {
    const store = await stores.open(id);
    await noteScanBegan(store, provider, 7, 'x');
    await acquireLease(store, provider, 'a', 60_000);
    await addProvider(store, provider);
    expect(await readScanProgress(store, provider)).toMatchObject({
      settings: 'x',
      beganMs: 7,
    });
    expect(await acquireLease(store, provider, 'b', leaseMs)).toBe(false);
  });
});
