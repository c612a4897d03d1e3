import type { Knex } from 'knex';

/** How much a relay reads at once. */
export interface PageLimit {
  rows: number;
  /** At the most, apart from the last row. */
  bytes: number;
  /** A row that is larger is read without its texts. */
  rowBytes: number;
}

/**
 * Reads the front of the outbox in the order of places.
 *
 * 1. Measure the front. Both databases know the size of a text without reading it.
 * 2. Take rows until the bytes are spent; the first whatever its size.
 * 3. Read them, those that are too large without their texts.
 *
 * @returns rows for `readRow`; at least one when there are any
 */
export async function readPage(
  connection: Knex,
  table: string,
  limit: PageLimit,
): Promise<unknown[]> {
  const { rowBytes } = limit;
  return connection
    .select('*')
    .from(
      connection.raw(
        `(
          WITH front AS (
            SELECT place,
              CAST(octet_length(topic) AS bigint) + coalesce(octet_length(key), 0) +
                octet_length(payload) + octet_length(metadata) AS size
            FROM ??
            ORDER BY place
            LIMIT ?
          ),
          measured AS (
            SELECT place, size, sum(size) OVER (ORDER BY place) - size AS size_before
            FROM front
          )
          SELECT o.place, m.size, o.id, o.created_at, substr(o.topic, 1, 255) AS format,
            CASE WHEN m.size <= ? THEN o.topic END AS topic,
            CASE WHEN m.size <= ? THEN o.key END AS key,
            CASE WHEN m.size <= ? THEN o.payload END AS payload,
            CASE WHEN m.size <= ? THEN o.metadata END AS metadata
          FROM measured AS m
          JOIN ?? AS o ON o.place = m.place
          WHERE m.size_before < ?
        ) AS page`,
        [
          table,
          limit.rows,
          rowBytes,
          rowBytes,
          rowBytes,
          rowBytes,
          table,
          limit.bytes,
        ],
      ),
    )
    .orderBy('place');
}
