import { makeHint, makeNewHint } from '../../__testUtils__/fixtures';
import {
  createTestStores,
  otherProvider,
  provider,
} from '../../__testUtils__/testStores';
import type { PushHint } from '../../hints';
import type { GithubStore } from '../GithubStore';
import { insertHints } from './insertHints';
import { postponeHints } from './postponeHints';
import {
  findHinted,
  findNextDueMs,
  readChecks,
  readDueHints,
} from './readDueHints';

const stores = createTestStores();

const push: PushHint = {
  branch: 'main',
  before: 'a',
  after: 'b',
  isForced: false,
  isComplete: true,
  addsOrRemoves: true,
  modifies: false,
  paths: ['catalog-info.yaml', 'docs/ünïcode.md'],
  pushedAtMs: 5_000,
};

describe.each(stores.ids)('hints on %s', id => {
  /** As `<name> <attempts>`. */
  const readNames = async (store: GithubStore, nowMs: number, most = 100) =>
    (await readDueHints(store, provider, nowMs, most)).map(
      ({ fullName, attempts }) => `${fullName.slice(5)} ${attempts}`,
    );

  it('are read as they were written', async () => {
    const store = await stores.open(id);
    await insertHints(
      store,
      provider,
      [
        { cause: 'event', hint: makeHint('Site', { push }), dueAtMs: 10 },
        {
          cause: 'scan',
          hint: makeHint('Site', { saysGone: true, isDeleted: true }),
          dueAtMs: 10,
        },
      ],
      7,
    );
    const hints = await readDueHints(store, provider, 10, 100);
    expect(hints).toEqual([
      {
        ...makeHint('Site', { push }),
        id: expect.any(Number),
        cause: 'event',
        attempts: 0,
        doubts: 0,
        atMs: 7,
        dueAtMs: 10,
      },
      {
        ...makeHint('Site', { saysGone: true, isDeleted: true }),
        id: expect.any(Number),
        cause: 'scan',
        attempts: 0,
        doubts: 0,
        atMs: 7,
        dueAtMs: 10,
      },
    ]);
  });

  it('are due at their time, and not before', async () => {
    const store = await stores.open(id);
    await insertHints(
      store,
      provider,
      [makeNewHint('late', 20), makeNewHint('early', 10)],
      0,
    );
    expect(await findNextDueMs(store, provider)).toBe(10);
    expect(await readNames(store, 9)).toEqual([]);
    expect(await readNames(store, 10)).toEqual(['early 0']);
    expect(await readNames(store, 20)).toEqual(['late 0', 'early 0']);
    expect(await findNextDueMs(store, otherProvider)).toBeUndefined();
    expect(await readDueHints(store, otherProvider, 99, 100)).toEqual([]);
  });

  it('of one repository are read all together in the order they came, also those that are not due', async () => {
    const store = await stores.open(id);
    await insertHints(
      store,
      provider,
      [
        makeNewHint('site', 900, { saysGone: true }),
        makeNewHint('site', 10),
        makeNewHint('other', 900),
        makeNewHint('site', 500, { owner: 'globex' }),
      ],
      0,
    );
    expect(
      (await readDueHints(store, provider, 10, 100)).map(
        ({ saysGone, owner }) => [saysGone, owner],
      ),
    ).toEqual([
      [true, 'acme'],
      [false, 'acme'],
      [false, 'globex'],
    ]);
  });

  it('of so many repositories are read, those that wait longest first', async () => {
    const store = await stores.open(id);
    await insertHints(
      store,
      provider,
      [
        makeNewHint('third', 3),
        makeNewHint('first', 1),
        makeNewHint('second', 2),
        makeNewHint('first', 9),
        makeNewHint('third', 9),
      ],
      0,
    );
    expect(await readNames(store, 9, 1)).toEqual(['first 0', 'first 0']);
    expect(await readNames(store, 9, 2)).toEqual([
      'first 0',
      'second 0',
      'first 0',
    ]);
    expect(await readNames(store, 9, 3)).toHaveLength(5);
  });

  it('are bounded in number, however many a repository has', async () => {
    const store = await stores.open(id);
    await insertHints(
      store,
      provider,
      [
        ...Array.from({ length: 2_100 }, () => makeNewHint('site', 1)),
        makeNewHint('other', 1),
      ],
      0,
    );
    const hints = await readDueHints(store, provider, 1, 100);
    expect(hints).toHaveLength(201);
    expect(hints.at(-1)?.fullName).toBe('acme/other');
    const ids = hints.map(hint => hint.id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });

  it('are bounded in number also by those that are not due', async () => {
    const store = await stores.open(id);
    const names = Array.from({ length: 12 }, (_, index) => `site-${index}`);
    await insertHints(
      store,
      provider,
      names.flatMap((name, index) => [
        makeNewHint(name, index),
        ...Array.from({ length: 189 }, () => makeNewHint(name, 900)),
      ]),
      0,
    );
    expect(await readDueHints(store, provider, 99, 100)).toHaveLength(1_900);
  });

  it('are bounded in number altogether, and the others come at the next turn', async () => {
    const store = await stores.open(id);
    const names = Array.from({ length: 12 }, (_, index) => `site-${index}`);
    await insertHints(
      store,
      provider,
      names.flatMap((name, index) =>
        Array.from({ length: 190 }, () => makeNewHint(name, index)),
      ),
      0,
    );
    const hints = await readDueHints(store, provider, 99, 100);
    expect(new Set(hints.map(({ fullName }) => fullName))).toEqual(
      new Set(names.slice(0, 10).map(name => `acme/${name}`)),
    );
    expect(hints).toHaveLength(1_900);
  });

  it('that are checks are read before they are due, those that wait longest first', async () => {
    const store = await stores.open(id);
    const check = (name: string, dueAtMs: number) => ({
      ...makeNewHint(name, dueAtMs),
      cause: 'check' as const,
    });
    await insertHints(
      store,
      provider,
      [
        check('late', 900),
        check('early', 800),
        makeNewHint('pushed', 1),
        makeNewHint('early', 850),
      ],
      0,
    );
    await insertHints(store, otherProvider, [check('theirs', 1)], 0);
    await insertHints(store, provider, [check('young', 1)], 11);
    await insertHints(store, provider, [check('tried', 1)], 0);
    await postponeHints(store, provider, ['R_tried'], {
      isDoubt: false,
      reason: 'GitHub is away',
      dueAtMs: 2,
    });
    const read = async (most: number) =>
      (await readChecks(store, provider, 10, most)).map(
        ({ fullName, cause }) => `${fullName} ${cause}`,
      );
    expect(await read(1)).toEqual(['acme/early check', 'acme/early event']);
    expect(await read(100)).toEqual([
      'acme/late check',
      'acme/early check',
      'acme/early event',
    ]);
  });

  it('that are postponed wait, count the attempts and doubts, and tell the last reason', async () => {
    const store = await stores.open(id);
    await insertHints(
      store,
      provider,
      [makeNewHint('site', 1), makeNewHint('other', 1)],
      0,
    );
    const [{ nodeId }] = await readDueHints(store, provider, 1, 100);
    const away = { isDoubt: false, reason: 'GitHub is away', dueAtMs: 40 };
    await postponeHints(store, provider, [nodeId], away);
    await postponeHints(store, provider, [nodeId], {
      isDoubt: true,
      reason: 'GitHub shows what is gone',
      dueAtMs: 50,
    });
    await postponeHints(store, provider, [], away);
    expect(await readNames(store, 49)).toEqual(['other 0']);
    expect(await readDueHints(store, provider, 50, 100)).toMatchObject([
      { fullName: 'acme/site', attempts: 2, doubts: 1 },
      { fullName: 'acme/other', attempts: 0, doubts: 0 },
    ]);
    expect(
      await store.knex('callboard_github_hints').orderBy('id').pluck('outcome'),
    ).toEqual(['GitHub shows what is gone', null]);
  });

  it('that wait are found by their repositories', async () => {
    const store = await stores.open(id);
    await insertHints(store, provider, [makeNewHint('site', 900)], 0);
    await insertHints(store, otherProvider, [makeNewHint('other', 1)], 0);
    await insertHints(
      store,
      provider,
      [{ cause: 'event', fullName: 'acme/third', reason: 'not followed' }],
      0,
    );
    expect(
      await findHinted(store, provider, ['R_site', 'R_other', 'R_third']),
    ).toEqual(new Set(['R_site']));
    expect(await findHinted(store, provider, [])).toEqual(new Set());
  });
});
