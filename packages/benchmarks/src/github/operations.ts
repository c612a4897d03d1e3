/** What people do with the repositories of an organization. */
export const operationKinds = [
  'push',
  'creation',
  'renaming',
  'archival',
  'deletion',
] as const;

export type OperationKind = (typeof operationKinds)[number];

export type OperationCounts = Record<OperationKind, number>;

/** Something that happens at one moment of a day. */
export interface PlannedOperation {
  kind: OperationKind;
  /** Since the day began. */
  atMs: number;
}

export const dayMs = 86_400_000;

/** Spreads operations over a day, each to a moment of its own: pure. */
export function planDay(
  counts: OperationCounts,
  random: () => number,
): PlannedOperation[] {
  return operationKinds
    .flatMap(kind =>
      Array.from({ length: counts[kind] }, () => ({
        kind,
        atMs: Math.floor(random() * dayMs),
      })),
    )
    .sort((a, b) => a.atMs - b.atMs);
}
