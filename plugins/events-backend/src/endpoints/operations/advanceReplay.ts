import type { Knex } from 'knex';
import type { Store } from '../../database';
import type { EndpointReplay } from '../Endpoint';
import { toStorableText } from '../toStorableText';

/** How far a replay has come. */
export type ReplayProgress = Pick<
  EndpointReplay,
  'place' | 'lookedAt' | 'owed'
> & {
  /** Its end; undefined while it goes on. */
  state?: 'done' | 'failed';
  /** Why it failed. */
  error?: string;
};

/**
 * Moves a running replay on, if it is still where it was read.
 *
 * @param progress - place and counts, from its beginning
 * @returns whether it was moved; not when another was faster, or it was cancelled
 */
export async function advanceReplay(
  { knex, dialect }: { knex: Knex; dialect: Store['dialect'] },
  id: string,
  expectedPlace: number,
  { place, lookedAt, owed, state, error }: ReplayProgress,
): Promise<boolean> {
  const moved: number = await knex('callboard_endpoint_replays')
    .where({ id, state: 'running', place: expectedPlace })
    .update({
      place,
      looked_at: lookedAt,
      owed,
      state: state ?? 'running',
      error: error === undefined ? null : toStorableText(error),
      updated_at: knex.raw(dialect.nowMs),
    });
  return moved > 0;
}
