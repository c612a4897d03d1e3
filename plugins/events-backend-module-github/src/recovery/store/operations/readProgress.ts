import type { Knex } from 'knex';
import type { HookProgress } from '../DueDelivery';

/** Reads how far the log of a webhook has been read; it must have begun. */
export async function readProgress(
  knex: Knex,
  hook: string,
): Promise<HookProgress> {
  const row: {
    begun_at: number | string;
    seen_at: number | string | null;
    reading_up_to: number | string | null;
    next_page: string | null;
  } = await knex('callboard_github_recovery').where({ hook }).first();
  const { reading_up_to: upTo, next_page: nextPage } = row;
  return {
    begunMs: Number(row.begun_at),
    seenMs: row.seen_at === null ? undefined : Number(row.seen_at),
    reading:
      upTo === null || nextPage === null
        ? undefined
        : { upToMs: Number(upTo), nextPage },
  };
}
