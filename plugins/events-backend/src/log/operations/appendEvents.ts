import type {
  AppendOutcome,
  NewEvent,
} from '@callboard/backstage-plugin-events-node';
import type { Store } from '../../database';
import { appendByFunction } from './appendByFunction';
import { appendInTransaction } from './appendInTransaction';

/**
 * Appends events, whole or not at all.
 *
 * The tail is locked from the moment it moves until the commit. Where others wait for that lock, no round trip to this
 * process may lie in between: if it froze there, nobody could append any more. So the whole append is one statement
 * there, and the same steps in a transaction elsewhere.
 */
export async function appendEvents(
  store: Store,
  events: readonly NewEvent[],
): Promise<AppendOutcome[]> {
  const { knex, dialect } = store;
  await dialect.makeDurable(knex);
  return dialect.hasFunctions
    ? appendByFunction(store, events)
    : appendInTransaction(store, events);
}
