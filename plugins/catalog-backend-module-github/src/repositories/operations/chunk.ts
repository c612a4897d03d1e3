/**
 * SQLite takes several rows as a compound SELECT of 500 terms at the most, and 32,766 bindings in a statement; PostgreSQL
 * takes 65,535 bindings.
 */
const mostRows = 500;

/** Cuts rows, of up to 60 columns, into pieces that one statement can take. */
export function chunk<T>(rows: readonly T[]): T[][] {
  const pieces: T[][] = [];
  for (let start = 0; start < rows.length; start += mostRows) {
    pieces.push(rows.slice(start, start + mostRows));
  }
  return pieces;
}
