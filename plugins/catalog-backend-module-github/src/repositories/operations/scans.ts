import { z } from 'zod';
import type { GithubStore } from '../GithubStore';
import type { Hint } from '../../hints';

/** How far scans of a provider are. Times are by the clocks of the processes. */
export interface ScanProgress {
  /** A digest of what was configured at the last scan. */
  settings: string | undefined;
  /** When the last full scan began; single owners may have failed. */
  fullScanMs: number | undefined;
  /** When a scan last gave the catalog all there is, since this is configured. */
  wholeMs: number | undefined;
  /** When the last scan began, and when the last one ended that went well. */
  beganMs: number | undefined;
  endedMs: number | undefined;
  /** How many have begun since the last one that went well. */
  inVain: number;
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
  whole_ms: time,
  scan_began_ms: time,
  scan_ended_ms: time,
  scans_in_vain: z.number(),
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
    wholeMs: row.whole_ms,
    beganMs: row.scan_began_ms,
    endedMs: row.scan_ended_ms,
    inVain: row.scans_in_vain,
    seenMs: row.seen_ms,
  };
}

/**
 * Notes that a scan begins. With another configuration than that of the last one nothing has been looked at yet.
 *
 * @param settings - a digest of what is configured
 */
export async function noteScanBegan(
  { knex }: GithubStore,
  provider: string,
  beganMs: number,
  settings: string,
): Promise<void> {
  await knex.transaction(async trx => {
    const changed = await trx('callboard_github_providers')
      .where({ provider })
      .where(other =>
        other.whereNull('settings').orWhereNot('settings', settings),
      )
      .update({
        settings,
        full_scan_ms: null,
        whole_ms: null,
        scans_in_vain: 0,
      });
    if (changed > 0) {
      await trx('callboard_github_owners').where({ provider }).delete();
    }
    await trx('callboard_github_providers')
      .where({ provider })
      .update({ scan_began_ms: beganMs })
      .increment('scans_in_vain', 1);
  });
}

/**
 * Notes that a scan has come to its end.
 *
 * @param scan.isFull - whether it was of everything
 * @param scan.hasFailed - whether some owners could not be scanned
 * @param scan.isWhole - whether the catalog was given all there is
 */
export async function noteScanEnded(
  { knex }: GithubStore,
  provider: string,
  scan: {
    beganMs: number;
    endedMs: number;
    isFull: boolean;
    hasFailed: boolean;
    isWhole: boolean;
  },
): Promise<void> {
  const changes = {
    ...(scan.isFull && { full_scan_ms: scan.beganMs }),
    ...(scan.isWhole && { whole_ms: scan.endedMs }),
    ...(!scan.hasFailed && { scan_ended_ms: scan.endedMs, scans_in_vain: 0 }),
  };
  if (Object.keys(changes).length > 0) {
    await knex('callboard_github_providers')
      .where({ provider })
      .update(changes);
  }
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

/** In lower case, who has repositories that are known: some, with very many of them, so each is looked up by itself. */
export async function listKnownOwners(
  { knex }: GithubStore,
  provider: string,
): Promise<string[]> {
  const owners: string[] = [];
  for (;;) {
    const [{ next }] = await knex('callboard_github_repositories')
      .where({ provider })
      .where('owner', '>', owners.at(-1) ?? '')
      .min({ next: 'owner' });
    if (next === null || next === undefined) {
      return owners;
    }
    owners.push(String(next));
  }
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
 * Repositories of an owner that are known and that a full listing did not have, as hints.
 */
export async function findUnlisted(
  { knex }: GithubStore,
  provider: string,
  listing: string,
  owner: string,
): Promise<Hint[]> {
  const rows = await knex('callboard_github_repositories')
    .where({ provider, owner: owner.toLowerCase() })
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
