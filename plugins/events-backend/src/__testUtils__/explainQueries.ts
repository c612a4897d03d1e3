import type { Store } from '../database';

interface CapturedQuery {
  sql: string;
  bindings: readonly (string | number)[];
}

/**
 * Runs an operation, and asks the store how it would find the rows of each of its queries.
 *
 * @returns a plan for each query, as text
 */
export async function explainQueries(
  { knex, dialect }: Store,
  operation: () => Promise<unknown>,
): Promise<string[]> {
  const queries: CapturedQuery[] = [];
  const capture = ({ sql, bindings = [] }: CapturedQuery) => {
    if (/^(with|select|update|delete)\b/i.test(sql)) {
      queries.push({ sql, bindings });
    }
  };
  knex.on('query', capture);
  try {
    await operation();
  } finally {
    knex.removeListener('query', capture);
  }

  const plans: string[] = [];
  for (const { sql, bindings } of queries) {
    plans.push(
      dialect.name === 'postgres'
        ? await explainOnPostgres(sql, bindings)
        : await explainOnSqlite(sql, bindings),
    );
  }
  return plans;

  async function explainOnPostgres(
    sql: string,
    bindings: CapturedQuery['bindings'],
  ): Promise<string> {
    const numbered = sql.replace(/\$\d+/g, '?');
    const { rows } = await knex.raw<{ rows: { 'QUERY PLAN': string }[] }>(
      `EXPLAIN ${numbered}`,
      [...bindings],
    );
    return rows.map(row => row['QUERY PLAN']).join('\n');
  }

  async function explainOnSqlite(
    sql: string,
    bindings: CapturedQuery['bindings'],
  ): Promise<string> {
    const rows = await knex.raw<{ detail: string }[]>(
      `EXPLAIN QUERY PLAN ${sql}`,
      [...bindings],
    );
    return rows.map(({ detail }) => detail).join('\n');
  }
}

/** Lines of a plan that read a whole table, or a whole index of it. Knows the aliases that our statements use. */
export function findScans(plan: string, table: string): string[] {
  const lines = plan.split('\n').map(line => line.trim());
  // SQLite: `SEARCH` is what a use of an index for finding is called.
  const sqlite = new RegExp(`^SCAN (${table}|a|b|e|earlier)(\\s|$)`);
  const sequential = new RegExp(`Seq Scan on ${table}(\\s|$)`);
  const indexed = new RegExp(`Index (Only )?Scan .*on ${table}(\\s|$)`);
  return lines.filter(
    (line, index) =>
      sqlite.test(line) ||
      sequential.test(line) ||
      (indexed.test(line) && !lines[index + 1]?.startsWith('Index Cond:')),
  );
}
