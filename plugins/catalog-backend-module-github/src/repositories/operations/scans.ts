import { z } from 'zod';
import type { GithubStore } from '../GithubStore';
import type { Hint } from '../../hints';

/** How far scans of a provider are. */
export interface ScanProgress {
  /** A digest of what was configured at the last full scan. */
  settings: string | undefined;
  /** When the last full scan began that went well, by the clock of its process. */
  fullScanMs: number | undefined;
}

const progressSchema = z.object({
  settings: z.string().nullable(),
  // PostgreSQL gives a bigint as text.
  full_scan_ms: z.union([z.number(), z.string()]).nullable(),
});

export async function readScanProgress(
  { knex }: GithubStore,
  provider: string,
): Promise<ScanProgress> {
  const row = await knex('callboard_github_providers')
    .where({ provider })
    .first('settings', 'full_scan_ms');
  const { settings, full_scan_ms: fullScanMs } = progressSchema.parse(row);
  return {
    settings: settings ?? undefined,
    fullScanMs: fullScanMs === null ? undefined : Number(fullScanMs),
  };
}

/** Notes that a full scan went well. */
export async function noteFullScan(
  { knex }: GithubStore,
  provider: string,
  scan: { settings: string; startedMs: number },
): Promise<void> {
  await knex('callboard_github_providers')
    .where({ provider })
    .update({ settings: scan.settings, full_scan_ms: scan.startedMs });
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
