/** Where a delivery or an attempt is. */
export interface Place {
  subscription_id: string;
  position: number | string;
}

/** The positions of each subscription. */
export function groupPlaces(places: readonly Place[]): Map<string, number[]> {
  const positions = new Map<string, Set<number>>();
  for (const { subscription_id: id, position } of places) {
    const known = positions.get(id) ?? new Set();
    positions.set(id, known.add(Number(position)));
  }
  return new Map([...positions].map(([id, known]) => [id, [...known]]));
}
