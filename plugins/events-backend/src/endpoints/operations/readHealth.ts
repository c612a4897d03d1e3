import type { Knex } from 'knex';

/** What is known of the health of an endpoint. The pool does not know what it says. */
export interface EndpointHealth {
  /** Which one this is, to be named by whoever replaces it; from 1, and never the same again. */
  version: number;
  /** Undefined when it was forgotten. */
  health: unknown;
}

interface HealthRow {
  endpoint_id: string;
  version: number;
  health: string | null;
}

/** Reads the health of an endpoint; undefined while nothing has ever been known of it. */
export async function readHealth(
  knex: Knex,
  endpointId: string,
): Promise<EndpointHealth | undefined> {
  const row = await selectHealth(knex)
    .where({ endpoint_id: endpointId })
    .first<HealthRow | undefined>();
  return row && toHealth(row);
}

/** Reads the health of all endpoints of which something was known at some time, by their ids. */
export async function readAllHealth(
  knex: Knex,
): Promise<Map<string, EndpointHealth>> {
  const rows: HealthRow[] = await selectHealth(knex);
  return new Map(rows.map(row => [row.endpoint_id, toHealth(row)]));
}

function selectHealth(knex: Knex) {
  return knex('callboard_endpoint_health')
    .where('version', '>', 0)
    .select('endpoint_id', 'version', 'health');
}

function toHealth({ version, health }: HealthRow): EndpointHealth {
  return {
    version,
    health: health === null ? undefined : JSON.parse(health),
  };
}
