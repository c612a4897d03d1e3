/** SQLite takes 32,766 bindings in a statement, PostgreSQL 65,535. */
const mostBindings = 30_000;

/** Cuts rows into pieces that one statement can take. */
export function chunk<T>(rows: readonly T[], bindingsPerRow: number): T[][] {
  const size = Math.max(1, Math.floor(mostBindings / bindingsPerRow));
  const pieces: T[][] = [];
  for (let start = 0; start < rows.length; start += size) {
    pieces.push(rows.slice(start, start + size));
  }
  return pieces;
}
