/**
 * The order in which rows of an outbox are relayed.
 *
 * - `commits`: the order of commits, over all rows. On PostgreSQL the commits of transactions that publish follow each
 *   other.
 * - `insertions`: the order of insertions. For rows that are written under a lock on what they are about, as by a trigger
 *   on that row, this is the order of commits for each of those, and no commit waits for another.
 *
 * SQLite has one writer at a time, so there both are the same.
 *
 * @public
 */
export type OutboxOrder = 'commits' | 'insertions';

/** Which outbox of a database. */
export interface OutboxTable {
  /** Its name; what was refused is in the table with `_refused` behind its name. */
  table: string;
  order: OutboxOrder;
}

/** The outbox that a plugin and its modules share. */
export const sharedOutbox: OutboxTable = {
  table: 'callboard_outbox',
  order: 'commits',
};
