import { randomUUID } from 'node:crypto';
import {
  acquireLease,
  releaseLease,
  renewLease,
  type GithubStore,
} from '../repositories';

/** How long the right holds without being renewed, in milliseconds: so long others wait for a process that died. */
const leaseMs = 15_000;

/** The right to read and apply for a provider. */
export interface Lease {
  /**
   * Makes sure that the right holds, before the catalog is changed.
   *
   * @throws Error when it was lost: another process may have read something newer
   */
  assertHeld(): Promise<void>;
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
  const renew = () => renewLease(store, provider, ticket, leaseMs);
  // A renewal that fails shows at the next assertion, which asks anew.
  const timer = setInterval(() => renew().catch(() => {}), leaseMs / 3);
  try {
    const result = await work({
      assertHeld: async () => {
        if (!(await renew())) {
          throw new Error(
            `Another process reads GitHub for ${provider} since this one took too long; what it has read is dropped`,
          );
        }
      },
    });
    return { result };
  } finally {
    clearInterval(timer);
    await releaseLease(store, provider, ticket);
  }
}
