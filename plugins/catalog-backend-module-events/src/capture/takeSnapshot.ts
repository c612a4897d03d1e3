import type { ChangeCapture } from '@callboard/backstage-plugin-events-node/emitting';
import type { Knex } from 'knex';
import { bootstrapLocationType, outboxTable, pluginId } from './names';

/** How many were written into the outbox. */
export interface Snapshot {
  entities: number;
  locations: number;
}

/** So many rows of the catalog are locked at once, and for a moment. */
const rowsAtOnce = 500;

/**
 * Tells of everything that the catalog has, as if it had been created just now.
 *
 * @remarks
 * Each page is read under locks that last until its rows are in the outbox. A change that comes later waits for them, so
 * its row has a later place; one that came before is read. So whatever subscribers are told of an entity last is how it
 * is.
 *
 * @returns how many rows were written; filters are applied when they are published
 * @throws Error when somebody keeps rows of the catalog locked; what was written before is published
 */
export async function takeSnapshot(capture: ChangeCapture): Promise<Snapshot> {
  const write = (watched: Watched) => writePages(capture, watched);
  return {
    entities: await write({
      table: 'final_entities',
      id: 'entity_id',
      describe: (row): string | undefined =>
        row.final_entity === null
          ? undefined
          : `{"entity":{"before":null,"after":${row.final_entity}}}`,
    }),
    locations: await write({
      table: 'locations',
      id: 'id',
      describe: ({ id, type, target }) =>
        type === bootstrapLocationType
          ? undefined
          : JSON.stringify({
              location: { before: null, after: { id, type, target } },
            }),
    }),
  };
}

type Row = Record<string, string | null>;

interface Watched {
  table: string;
  /** The column that pages go by. */
  id: string;
  /** Payload of a row of the outbox; undefined for a row that there is nothing to tell of. */
  describe(row: Row): string | undefined;
}

interface Page {
  written: number;
  /** Where the next page begins behind; undefined when there is none. */
  last: string | null | undefined;
}

async function writePages(
  capture: ChangeCapture,
  watched: Watched,
): Promise<number> {
  let after: string | null = null;
  let written = 0;
  for (;;) {
    const last = after;
    const page: Page = await capture.withLocks(trx =>
      writePage(trx, watched, last),
    );
    written += page.written;
    if (page.last === undefined) {
      return written;
    }
    after = page.last;
  }
}

async function writePage(
  trx: Knex.Transaction,
  { table, id, describe }: Watched,
  after: string | null,
): Promise<Page> {
  const query = trx<Row>(table).orderBy(id).limit(rowsAtOnce).forShare();
  if (after !== null) {
    query.where(id, '>', after);
  }
  const rows: Row[] = await query.select('*');
  const payloads = rows.map(describe).filter(text => text !== undefined);
  await trx.batchInsert(
    outboxTable,
    payloads.map(payload => ({ topic: pluginId, payload })),
    100,
  );
  return { written: payloads.length, last: rows.at(-1)?.[id] };
}
