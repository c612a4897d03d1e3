import { makeHint, makeNewHint } from '../../__testUtils__/fixtures';
import { createTestStores, provider } from '../../__testUtils__/testStores';
import { insertHints } from './insertHints';
import { findNextDueMs } from './readDueHints';

const stores = createTestStores();

describe.each(stores.ids)('writing hints down on %s', id => {
  it('keeps where they come from, with names in lower case to find them by', async () => {
    const store = await stores.open(id);
    await insertHints(
      store,
      provider,
      [
        {
          cause: 'event',
          eventId: 'event 1',
          topic: 'github.repository',
          action: 'renamed',
          delivery: 'delivery 1',
          hint: makeHint('Site', { owner: 'Acme', fullName: 'Acme/Site' }),
          dueAtMs: 20,
        },
      ],
      10,
    );
    const [row] = await store.knex('callboard_github_hints');
    expect({ ...row, at_ms: Number(row.at_ms) }).toMatchObject({
      provider,
      node_id: 'R_Site',
      owner: 'acme',
      full_name: 'acme/site',
      cause: 'event',
      event_id: 'event 1',
      topic: 'github.repository',
      action: 'renamed',
      delivery: 'delivery 1',
      at_ms: 10,
      state: 'pending',
      attempts: 0,
      outcome: null,
      settled_at_ms: null,
    });
  });

  it('keeps why an event was passed over, and does not look at it again', async () => {
    const store = await stores.open(id);
    await insertHints(
      store,
      provider,
      [
        {
          cause: 'event',
          topic: 'github.push',
          delivery: 'delivery 1',
          fullName: 'Acme/Site',
          reason: 'it went to refs/heads/feature',
        },
        { cause: 'event', reason: 'it names no repository' },
      ],
      10,
    );
    const rows = await store.knex('callboard_github_hints').orderBy('id');
    expect(rows).toMatchObject([
      {
        state: 'passed over',
        full_name: 'acme/site',
        outcome: 'it went to refs/heads/feature',
        due_at_ms: null,
        hint: null,
      },
      { state: 'passed over', full_name: null },
    ]);
    expect(rows.map(row => Number(row.settled_at_ms))).toEqual([10, 10]);
    expect(await findNextDueMs(store, provider)).toBeUndefined();
  });

  it('writes nothing for nothing', async () => {
    const store = await stores.open(id);
    await insertHints(store, provider, [], 10);
    expect(await store.knex('callboard_github_hints')).toEqual([]);
  });

  it('writes all of them or none, also more than one statement takes', async () => {
    const store = await stores.open(id);
    const { knex } = store;
    const many = Array.from({ length: 1_200 }, (_, index) => ({
      ...makeNewHint(`site-${index}`, 1),
      delivery: `delivery ${index}`,
    }));
    const count = async () => {
      const [row] = await knex('callboard_github_hints').count({ rows: '*' });
      return Number(row.rows);
    };
    await knex.raw(
      'CREATE UNIQUE INDEX refusing ON callboard_github_hints (delivery)',
    );
    await expect(
      insertHints(store, provider, [...many, many[0]], 1),
    ).rejects.toMatchObject({
      message: expect.stringMatching(/unique/i),
    });
    expect(await count()).toBe(0);
    await insertHints(store, provider, many, 1);
    expect(await count()).toBe(1_200);
  });
});
