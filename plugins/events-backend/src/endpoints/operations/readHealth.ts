import type { Knex } from 'knex';

/** What is known of the health of an endpoint. The pool does not know what it says. */
export interface EndpointHealth {
  /** Which one this is; to be named by whoever replaces it. */
  version: number;
  health: unknown;
}

interface HealthRow {
  endpoint_id: string;
  version: number;
  health: string;
}

/** Reads the health of an endpoint; undefined while nothing is known of it. */
export async function readHealth(
  knex: Knex,
  endpointId: string,
): Promise<EndpointHealth | undefined> {
  const row = await knex('callboard_endpoint_health')
    .where({ endpoint_id: endpointId })
    .whereNotNull('health')
    .first<HealthRow | undefined>('endpoint_id', 'version', 'health');
  return row && toHealth(row);
}

/** Reads the health of all endpoints of which something is known, by their ids. */
export async function readAllHealth(
  knex: Knex,
): Promise<Map<string, EndpointHealth>> {
  const rows: HealthRow[] = await knex('callboard_endpoint_health')
    .whereNotNull('health')
    .select('endpoint_id', 'version', 'health');
  return new Map(rows.map(row => [row.endpoint_id, toHealth(row)]));
}

function toHealth({ version, health }: HealthRow): EndpointHealth {
  return { version, health: JSON.parse(health) };
}
