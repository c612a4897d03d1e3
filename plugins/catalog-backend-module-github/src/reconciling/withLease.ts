import { randomUUID } from 'node:crypto';
import {
  acquireLease,
  releaseLease,
  renewLease,
  type Fence,
  type GithubStore,
} from '../repositories';

/** How long the right holds without being renewed, in milliseconds: so long others wait for a process that died. */
const leaseMs = 15_000;

/** The right was lost, since it was not renewed in time: another process may have read something newer. */
export class LeaseLostError extends Error {
  constructor(provider: string) {
    super(
      `Another process reads GitHub for ${provider} since this one took too long; what it has read is dropped`,
    );
    this.name = 'LeaseLostError';
  }
}

/** The right to read and apply for a provider. */
export interface Lease {
  /**
   * Makes sure that the right holds, before the catalog is changed.
   *
   * @throws LeaseLostError
   */
  assertHeld(): Promise<void>;
  /**
   * Makes sure of it in a transaction.
   *
   * @throws LeaseLostError
   */
  fence: Fence;
}

/**
 * Reads and applies for a provider while no other process does, so that what was read last is what is applied last.
 *
 * @returns undefined when another process is at it
 */
export async function withLease<T>(
  store: GithubStore,
  provider: string,
  work: (lease: Lease) => Promise<T>,
): Promise<{ result: T } | undefined> {
  const ticket = randomUUID();
  if (!(await acquireLease(store, provider, ticket, leaseMs))) {
    return undefined;
  }
  const renew = (through: GithubStore) =>
    renewLease(through, provider, ticket, leaseMs);
  // A renewal that fails shows at the next assertion, which asks anew.
  const timer = setInterval(() => renew(store).catch(() => {}), leaseMs / 3);
  const fence: Fence = async through => {
    if (!(await renew(through))) {
      throw new LeaseLostError(provider);
    }
  };
  try {
    return { result: await work({ assertHeld: () => fence(store), fence }) };
  } finally {
    clearInterval(timer);
    await releaseLease(store, provider, ticket);
  }
}
