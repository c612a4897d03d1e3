import { createTestStores } from '../__testUtils__/stores';
import {
  createEndpointPool,
  holdUp,
  user,
} from './__testUtils__/endpointPools';

const stores = createTestStores();
const disabled = {
  state: 'disabled',
  reason: 'Answered 410',
  by: 'system',
  announce: true,
} as const;

describe.each(stores.ids)('the state of an endpoint on %s', storeId => {
  const open = async () =>
    createEndpointPool(await stores.openInSchema(storeId));

  it('tells who brought it about, when and why', async () => {
    const { pool, create, read } = await open();
    const before = await create('e');
    const after = await pool.setState('e', {
      state: 'paused',
      reason: 'The receiver\0 moves',
      by: 'user:default/ann',
    });
    expect(after).toEqual({
      ...before,
      state: 'paused',
      stateReason: 'The receiver\uFFFD moves',
      stateBy: 'user:default/ann',
      stateAtMs: expect.any(Number),
      updatedAtMs: after?.stateAtMs,
      revision: expect.not.stringContaining(before.revision),
    });
    await expect(read('e')).resolves.toEqual(after);
    await expect(
      pool.setState('e', { state: 'active', by: user }),
    ).resolves.toMatchObject({ state: 'active', stateReason: undefined });
  });

  it('is brought about once', async () => {
    const { pool, create } = await open();
    await create('e');
    await expect(pool.setState('e', disabled)).resolves.toBeDefined();
    await expect(pool.setState('e', disabled)).resolves.toBeUndefined();
    await expect(pool.setState('none', disabled)).resolves.toBeUndefined();
  });

  it('is not brought about by whoever knows an endpoint as it was before', async () => {
    const { pool, create, read } = await open();
    const { revision } = await create('e');
    await pool.setState('e', { state: 'paused', by: user });
    const paused = await read('e');
    await expect(
      pool.setState('e', disabled, revision),
    ).resolves.toBeUndefined();
    await expect(read('e')).resolves.toEqual(paused);
    await expect(
      pool.setState('e', disabled, paused.revision),
    ).resolves.toBeDefined();
  });

  it('is brought about by one of two replicas, and announced once', async () => {
    const { pool, create, store } = await open();
    await create('e');
    const replica = createEndpointPool(stores.openReplica(store));
    const release = await holdUp(store, 'callboard_endpoints', { id: 'e' });
    const both = [pool, replica.pool].map(each => each.setState('e', disabled));
    await release(2);
    const outcomes = await Promise.all(both);
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    await expect(pool.listAnnouncements()).resolves.toHaveLength(1);
  });

  it('is announced until its event is told, under one id', async () => {
    const { pool, create } = await open();
    await create('e');
    await create('f');
    await pool.setState('f', { state: 'paused', by: user });
    const endpoint = await pool.setState('e', disabled);
    const [announcement, ...others] = await pool.listAnnouncements();
    expect(others).toEqual([]);
    expect(announcement).toEqual({
      endpoint,
      eventId: expect.stringMatching(/^.{14}7/),
    });
    await expect(pool.listAnnouncements()).resolves.toEqual([announcement]);
    await pool.endAnnouncement('e', announcement.eventId);
    await expect(pool.listAnnouncements()).resolves.toEqual([]);
    await expect(pool.read('e')).resolves.toEqual(endpoint);
  });

  it('is announced in place of a former one, which ends no other', async () => {
    const { pool, create } = await open();
    await create('e');
    await pool.setState('e', disabled);
    const [former] = await pool.listAnnouncements();
    await pool.setState('e', { state: 'active', by: user });
    await expect(pool.listAnnouncements()).resolves.toEqual([]);
    await pool.setState('e', disabled);
    const [latter] = await pool.listAnnouncements();
    expect(latter.eventId).not.toBe(former.eventId);
    await pool.endAnnouncement('e', former.eventId);
    await expect(pool.listAnnouncements()).resolves.toEqual([latter]);
  });

  it('is begun afresh when it becomes active: its health is forgotten, its rate limit is not', async () => {
    const { pool, create } = await open();
    await create('e');
    await pool.replaceHealth('e', undefined, { failures: 7 });
    const limit = { count: 1, intervalMs: 3_600_000, burst: 1 };
    await pool.reserve('e', limit);
    await pool.setState('e', { state: 'paused', by: user });
    await expect(pool.readHealth('e')).resolves.toMatchObject({
      health: { failures: 7 },
    });
    await pool.setState('e', { state: 'active', by: user });
    await expect(pool.readHealth('e')).resolves.toEqual({
      version: 2,
      health: undefined,
    });
    await expect(pool.reserve('e', limit)).resolves.toMatchObject({
      granted: 0,
    });
  });
});
