import { z } from 'zod';
import type { GithubStore } from '../GithubStore';
import type { Hint } from '../../hints';

/** How far scans of a provider are. Times are by the clocks of the processes. */
export interface ScanProgress {
  /** A digest of what was configured at the last full scan. */
  settings: string | undefined;
  /** When the last full scan began that went well. */
  fullScanMs: number | undefined;
  /** When the last scan began, and when the last one ended that went well. */
  beganMs: number | undefined;
  endedMs: number | undefined;
  /** When a process last said that it has the provider. */
  seenMs: number | undefined;
}

// PostgreSQL gives a bigint as text.
const time = z
  .union([z.number(), z.string()])
  .nullable()
  .transform(value => (value === null ? undefined : Number(value)));

const progressSchema = z.object({
  settings: z
    .string()
    .nullable()
    .transform(value => value ?? undefined),
  full_scan_ms: time,
  scan_began_ms: time,
  scan_ended_ms: time,
  seen_ms: time,
});

export async function readScanProgress(
  { knex }: GithubStore,
  provider: string,
): Promise<ScanProgress> {
  const row = progressSchema.parse(
    await knex('callboard_github_providers').where({ provider }).first(),
  );
  return {
    settings: row.settings,
    fullScanMs: row.full_scan_ms,
    beganMs: row.scan_began_ms,
    endedMs: row.scan_ended_ms,
    seenMs: row.seen_ms,
  };
}

/** Notes that a scan begins. */
export async function noteScanBegan(
  { knex }: GithubStore,
  provider: string,
  beganMs: number,
): Promise<void> {
  await knex('callboard_github_providers')
    .where({ provider })
    .update({ scan_began_ms: beganMs });
}

/**
 * Notes that a scan went well.
 *
 * @param scan.full - of a full scan: a digest of what is configured
 */
export async function noteScanEnded(
  { knex }: GithubStore,
  provider: string,
  scan: { beganMs: number; endedMs: number; full?: { settings: string } },
): Promise<void> {
  await knex('callboard_github_providers')
    .where({ provider })
    .update({
      scan_ended_ms: scan.endedMs,
      ...(scan.full && {
        settings: scan.full.settings,
        full_scan_ms: scan.beganMs,
      }),
    });
}

/** What was pushed or updated before that time was seen; undefined for an owner that was never listed. */
export async function readLookedUntil(
  { knex }: GithubStore,
  provider: string,
  owner: string,
): Promise<number | undefined> {
  const row = await knex('callboard_github_owners')
    .where({ provider, owner: owner.toLowerCase() })
    .first('looked_until_ms');
  return row && Number(row.looked_until_ms);
}

export async function noteLookedUntil(
  { knex }: GithubStore,
  provider: string,
  owner: string,
  untilMs: number,
): Promise<void> {
  await knex('callboard_github_owners')
    .insert({ provider, owner: owner.toLowerCase(), looked_until_ms: untilMs })
    .onConflict(['provider', 'owner'])
    .merge();
}

/** How many repositories of an owner are known. */
export async function countRepositories(
  { knex }: GithubStore,
  provider: string,
  owner: string,
): Promise<number> {
  const [{ count }] = await knex('callboard_github_repositories')
    .where({ provider, owner: owner.toLowerCase() })
    .count({ count: '*' });
  return Number(count);
}

/**
 * Repositories that are known and that a full scan did not see, as hints.
 *
 * @param owner - all owners unless given
 */
export async function findUnlisted(
  { knex }: GithubStore,
  provider: string,
  listing: string,
  owner: string | undefined,
): Promise<Hint[]> {
  const rows = await knex('callboard_github_repositories')
    .where({
      provider,
      ...(owner !== undefined && { owner: owner.toLowerCase() }),
    })
    // Those that wait already need no other hint.
    .whereNotExists(
      knex('callboard_github_hints')
        .where({ provider, cause: 'scan' })
        .whereNotNull('due_at_ms')
        .whereRaw(
          'callboard_github_hints.node_id = callboard_github_repositories.node_id',
        ),
    )
    .where(unlisted =>
      unlisted.whereNull('listing').orWhereNot('listing', listing),
    )
    .select('node_id', 'owner', 'full_name');
  return rows.map(row => ({
    nodeId: row.node_id,
    owner: row.owner,
    fullName: row.full_name,
    saysGone: true,
  }));
}
