/**
 * Resolves a name to all of its addresses, in the order in which they are to be tried.
 *
 * @throws Error when there are none
 */
export type ResolveHost = (host: string) => Promise<readonly string[]>;
