/**
 * Whether one of some groups or users answers for an endpoint. The catalog makes no difference between small and capital
 * letters in references.
 */
export function isOwnedBy(owner: string, owners: readonly string[]): boolean {
  const normalize = (entityRef: string) => entityRef.toLocaleLowerCase('en-US');
  return owners.map(normalize).includes(normalize(owner));
}
