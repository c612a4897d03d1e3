import type { Knex } from 'knex';
import {
  attemptHeadColumns,
  toAttemptHead,
  type AttemptHeadRow,
} from '../attemptRow';
import type { AttemptHead } from '../Endpoint';
import { readEach, type OnUnreadable } from '../readRows';
import { selectAttempts, type AttemptListing } from './listAttempts';

/**
 * Lists attempts without their requests and answers, the newest first, without those that cannot be read. An answer is kept
 * up to 16 KiB, so a thousand of them are not read to say how they went.
 */
export async function listAttemptHeads(
  knex: Knex,
  listing: AttemptListing,
  onUnreadable: OnUnreadable,
): Promise<AttemptHead[]> {
  const rows: AttemptHeadRow[] = await selectAttempts(knex, listing).select(
    ...attemptHeadColumns,
  );
  return readEach(
    rows,
    toAttemptHead,
    ({ endpoint_id: id }) => id,
    onUnreadable,
  );
}
