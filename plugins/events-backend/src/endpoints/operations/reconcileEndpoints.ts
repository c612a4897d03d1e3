import type { Knex } from 'knex';
import type { Store } from '../../database';
import type { EndpointRow } from '../endpointRow';
import {
  changeDeclared,
  describeDeclared,
  type DeclaredEndpoint,
} from './changeDeclared';
import { changeDurably } from './changeDurably';
import { insertHealth } from './insertHealth';
import { readNow } from './readNow';
import { touchDeclared } from './touchDeclared';

/** Ids of endpoints, by what became of them. */
export interface Reconciliation {
  created: string[];
  changed: string[];
  /** Declared, and left out: the API has made an endpoint of each of these ids, which stays what it is. */
  taken: string[];
}

/** SQLite takes no more in one statement. */
const rowsPerStatement = 400;

/**
 * Makes the endpoints of the configuration what it declares. Those that it declares as before keep their revision, and
 * all keep their state: one that a person paused stays paused.
 *
 * Two replicas may do this at once: the second waits at the first row that the first has locked or inserted.
 *
 * 1. Lock the endpoints of the configuration, those that are declared no longer included.
 * 2. Insert those that are declared and not among them. One that another replica has inserted meanwhile is locked; one of
 *    the API is left out.
 * 3. Change those that are declared otherwise, and forget their health: they may work now.
 * 4. Say that they are declared. Those that are declared no longer stay: while a new configuration is rolled out, processes
 *    with the old one start as well. See `keepDeclared`.
 *
 * An id that is taken is no reason for the others to wait: whoever may make endpoints could keep the system from starting.
 *
 * @param startPosition - behind which the subscriptions of new ones begin; undefined for the end
 * @returns what was done; nothing when it is done again
 */
export async function reconcileEndpoints(
  store: Store,
  declared: readonly DeclaredEndpoint[],
  startPosition?: number,
): Promise<Reconciliation> {
  const byId = new Map(declared.map(each => [each.id, each]));
  return changeDurably(store, async trx => {
    const before = await lockDeclared(trx);
    const nowMs = await readNow(trx, store.dialect);
    const known = new Set(before.map(({ id }) => id));
    const { created, met } = await insertDeclared(
      trx,
      [...byId.values()].filter(({ id }) => !known.has(id)),
      { nowMs, startPosition },
    );
    const ours = met.filter(row => row.managed_by === 'config');
    const taken = met.filter(row => row.managed_by !== 'config');

    const changed: string[] = [];
    for (const row of [...before, ...ours]) {
      const endpoint = byId.get(row.id);
      if (endpoint && (await changeDeclared(trx, row, endpoint, nowMs))) {
        changed.push(row.id);
      }
    }
    await touchDeclared(trx, [...byId.keys()], nowMs);
    return { created, changed, taken: taken.map(({ id }) => id) };
  });
}

async function lockDeclared(trx: Knex.Transaction): Promise<EndpointRow[]> {
  return trx('callboard_endpoints')
    .where({ managed_by: 'config' })
    .orderBy('id')
    .forUpdate();
}

/**
 * Inserts endpoints.
 *
 * @returns the ids of those that were inserted, and the rows of those that were there, which are locked
 */
async function insertDeclared(
  trx: Knex.Transaction,
  endpoints: readonly DeclaredEndpoint[],
  {
    nowMs,
    startPosition,
  }: { nowMs: number; startPosition: number | undefined },
): Promise<{ created: string[]; met: EndpointRow[] }> {
  const inOrder = endpoints.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const rows = inOrder.map(endpoint => ({
    id: endpoint.id,
    managed_by: 'config',
    ...describeDeclared(endpoint, [], nowMs),
    keys_end_at: null,
    secrets: null,
    state: 'active',
    state_reason: null,
    state_by: 'system',
    state_at: nowMs,
    start_position: startPosition ?? null,
    declared_at: nowMs,
    announcement: null,
    created_at: nowMs,
    created_by: 'system',
  }));
  const created: string[] = [];
  const met: EndpointRow[] = [];
  for (let first = 0; first < rows.length; first += rowsPerStatement) {
    const some = rows.slice(first, first + rowsPerStatement);
    const stored: EndpointRow[] = await trx('callboard_endpoints')
      .insert(some satisfies EndpointRow[])
      .onConflict('id')
      // Changes nothing, but locks the row and gives it back.
      .merge(['id'])
      .returning('*');
    const revisions = new Set<string>(some.map(({ revision }) => revision));
    const inserted = stored.filter(row => revisions.has(row.revision));
    await insertHealth(
      trx,
      inserted.map(({ id }) => id),
    );
    created.push(...inserted.map(({ id }) => id));
    met.push(...stored.filter(row => !revisions.has(row.revision)));
  }
  return { created, met };
}
