import type { Knex } from 'knex';
import type { Dialect } from '../../database';
import type { EndpointRow } from '../endpointRow';

/** An endpoint that is locked until the transaction ends. */
export interface LockedEndpoint {
  row: EndpointRow;
  /** The time by the store's clock, in milliseconds since the epoch. */
  nowMs: number;
}

/** Locks the row of an endpoint, which comes before those of its health and replays; undefined when there is none. */
export async function lockEndpoint(
  trx: Knex.Transaction,
  dialect: Dialect,
  id: string,
): Promise<LockedEndpoint | undefined> {
  const locked = await trx('callboard_endpoints')
    .where({ id })
    .forUpdate()
    .first<(EndpointRow & { now: number | string }) | undefined>(
      '*',
      trx.raw(`${dialect.nowMs} as now`),
    );
  if (!locked) {
    return undefined;
  }
  const { now, ...row } = locked;
  return { row, nowMs: Number(now) };
}
