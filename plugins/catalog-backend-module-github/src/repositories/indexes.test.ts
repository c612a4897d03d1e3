import { randomBytes } from 'node:crypto';
import { makeState } from '../__testUtils__/fixtures';
import {
  createTestStores,
  otherProvider,
  provider,
  unfenced,
} from '../__testUtils__/testStores';
import type { GithubStore } from './GithubStore';
import { insertHints } from './operations/insertHints';
import { acquireLease, releaseLease, renewLease } from './operations/leases';
import { planLocations } from './operations/planLocations';
import { postponeHints } from './operations/postponeHints';
import {
  findHinted,
  findNextDueMs,
  readChecks,
  readDueHints,
} from './operations/readDueHints';
import {
  findWantedTargets,
  readLocations,
  readRepositories,
} from './operations/readRepositories';
import {
  countRepositories,
  findUnlisted,
  listKnownOwners,
  noteLookedUntil,
  readLookedUntil,
} from './operations/scans';
import { settleRepositories } from './operations/settleRepositories';
import { trimHints } from './operations/trimHints';

const stores = createTestStores();
const count = 5_000;

interface Query {
  sql: string;
  bindings?: readonly (string | number)[];
}

/** Some thousand rows in each table, of two providers, and what the database knows about them. */
async function fill(store: GithubStore): Promise<void> {
  const { knex } = store;
  const names = Array.from({ length: count }, (_, index) => `site-${index}`);
  const insert = (table: string, rows: object[]) =>
    knex.batchInsert(`callboard_github_${table}`, rows, 400);
  await insert(
    'providers',
    names.map(name => ({ provider: `github-provider:${name}` })),
  );
  for (const each of [provider, otherProvider]) {
    await insert(
      'owners',
      names.map(owner => ({ provider: each, owner, looked_until_ms: 1 })),
    );
    await insert(
      'repositories',
      names.map((name, index) => ({
        provider: each,
        node_id: `R_${name}`,
        owner: `owner-${index % 50}`,
        full_name: `acme/${name}`,
        state: JSON.stringify(makeState(name)),
        explanation: 'is read',
        listing: 'scan 1',
        reconciled_at_ms: 1,
      })),
    );
    await insert(
      'locations',
      names.map(name => ({
        provider: each,
        node_id: `R_${name}`,
        target: `https://github.com/acme/${name}/blob/main/catalog-info.yaml`,
        state: 'held',
      })),
    );
    // Of a hundred hints one waits.
    await insert(
      'hints',
      names.map((name, index) => ({
        provider: each,
        node_id: `R_site-${index % 1_000}`,
        owner: 'acme',
        full_name: `acme/${name}`,
        cause: 'event',
        delivery: `delivery ${index}`,
        at_ms: index,
        // As large as a row may be: of small ones a database would rather read all.
        outcome: randomBytes(500).toString('hex'),
        ...(index % 100 === 0
          ? {
              state: 'pending',
              due_at_ms: index,
              hint: JSON.stringify({
                nodeId: `R_site-${index % 1_000}`,
                owner: 'acme',
                fullName: `acme/${name}`,
                saysGone: false,
              }),
            }
          : { state: 'settled', settled_at_ms: index }),
      })),
    );
  }
  await knex.raw('ANALYZE');
}

/** Lines of the plans of an operation's statements that read a whole table, or a whole index of one. */
async function findScans(
  { knex }: GithubStore,
  operation: () => Promise<unknown>,
): Promise<string[]> {
  const queries: Query[] = [];
  const note = (query: Query) => {
    if (/^(with|select|update|delete|insert)\b/i.test(query.sql)) {
      queries.push(query);
    }
  };
  knex.on('query', note);
  try {
    await operation();
  } finally {
    knex.removeListener('query', note);
  }
  expect(queries.length).toBeGreaterThan(0);
  const scans: string[] = [];
  for (const { sql, bindings = [] } of queries) {
    const plan = await explain(knex, sql, bindings);
    scans.push(
      ...plan.filter((line, index) =>
        knex.client.config.client === 'pg'
          ? /Seq Scan on callboard_/.test(line) ||
            (/Index (Only )?Scan .*on callboard_/.test(line) &&
              !/^\s*(Index Cond|Recheck Cond):/.test(plan[index + 1] ?? ''))
          : // What an index has found may be read as a whole.
            /^SCAN (?!\d+ CONSTANT|\(subquery|numbered)/.test(line),
      ),
    );
  }
  return scans;
}

async function explain(
  knex: GithubStore['knex'],
  sql: string,
  bindings: readonly (string | number)[],
): Promise<string[]> {
  if (knex.client.config.client === 'pg') {
    const { rows } = await knex.raw<{ rows: { 'QUERY PLAN': string }[] }>(
      `EXPLAIN ${sql.replace(/\$\d+/g, '?')}`,
      [...bindings],
    );
    return rows.map(row => row['QUERY PLAN']);
  }
  const rows = await knex.raw<{ detail: string }[]>(
    `EXPLAIN QUERY PLAN ${sql}`,
    [...bindings],
  );
  return rows.map(({ detail }) => detail);
}

describe.each(stores.ids)('an index is used on %s when', id => {
  let store: GithubStore;
  beforeAll(async () => {
    store = await stores.open(id);
    await fill(store);
  });

  const nodeIds = ['R_site-100', 'R_site-200'];
  const targets = [
    'https://github.com/acme/site-7/blob/main/catalog-info.yaml',
  ];

  it.each<[string, () => Promise<unknown>]>([
    ['the right is taken', () => acquireLease(store, provider, 'a', 1_000)],
    ['it is renewed', () => renewLease(store, provider, 'a', 1_000)],
    ['it is given back', () => releaseLease(store, provider, 'a')],
    [
      'hints are written down',
      () => insertHints(store, provider, [{ cause: 'event', reason: '' }], 1),
    ],
    ['it is asked when hints are due', () => findNextDueMs(store, provider)],
    ['hints are read', () => readDueHints(store, provider, 900, 3)],
    [
      'it is asked which repositories have hints',
      () => findHinted(store, provider, nodeIds),
    ],
    [
      'hints are postponed',
      () =>
        postponeHints(store, provider, nodeIds.slice(0, 2), {
          isDoubt: true,
          reason: '',
          dueAtMs: 1,
        }),
    ],
    ['repositories are read', () => readRepositories(store, provider, nodeIds)],
    ['locations are read', () => readLocations(store, provider, nodeIds)],
    [
      'it is asked who wants locations',
      () => findWantedTargets(store, provider, targets),
    ],
    [
      'locations are planned',
      () =>
        planLocations(
          store,
          provider,
          [{ nodeId: 'R_site-7', target: 'a', state: 'adding' }],
          unfenced,
        ),
    ],
    [
      'repositories are settled',
      () =>
        settleRepositories(
          store,
          provider,
          [
            {
              nodeId: 'R_site-7',
              state: makeState('site-7'),
              explanation: '',
              listing: undefined,
              hintIds: [1, 2],
              outcome: '',
            },
            {
              nodeId: 'R_site-8',
              state: undefined,
              explanation: '',
              listing: 'scan 1',
              hintIds: [3],
              outcome: '',
            },
          ],
          1,
          unfenced,
        ),
    ],
    [
      'it is asked until when an owner was looked at',
      () => readLookedUntil(store, provider, 'site-7'),
    ],
    ['that is noted', () => noteLookedUntil(store, provider, 'site-7', 2)],
    [
      'repositories of an owner are counted',
      () => countRepositories(store, provider, 'owner-7'),
    ],
    [
      'those of an owner are looked for that a scan did not see',
      () => findUnlisted(store, provider, 'scan 1', 'owner-7'),
    ],
    [
      'those of a provider are listed who have repositories',
      () => listKnownOwners(store, provider),
    ],
    ['checks are read', () => readChecks(store, provider, 50, 50)],
    ['old hints are removed', () => trimHints(store, 50)],
  ])('%s', async (_, operation) => {
    expect(await findScans(store, operation)).toEqual([]);
  });
});
