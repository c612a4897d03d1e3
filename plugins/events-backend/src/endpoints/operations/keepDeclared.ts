import type { Store } from '../../database';
import type { EndpointRow } from '../endpointRow';
import {
  changeDeclared,
  isAsDeclared,
  type DeclaredEndpoint,
} from './changeDeclared';
import { changeDurably } from './changeDurably';
import { deleteEndpoints } from './deleteEndpoints';
import { readNow } from './readNow';
import { touchDeclared } from './touchDeclared';

/** Ids of endpoints of the configuration, by what became of them. */
export interface KeptDeclared {
  /** They were as another process has declared them, and are as this one does. */
  takenBack: string[];
  removed: string[];
}

/**
 * Says which endpoints of the configuration stand as this process declares them.
 *
 * Those that stand otherwise belong to a process with another configuration, which says so as well. If none has for a
 * while, as when a new configuration was rolled back, they are made what this one declares: nobody could send to them.
 * Those that no process has declared for a while, in any way, are removed: so neither a rolling deployment nor a process
 * with an older configuration takes away what another one declares. Their attempts are many: they go by themselves.
 *
 * @param limits - since when, in milliseconds before now
 */
export async function keepDeclared(
  store: Store,
  declared: readonly DeclaredEndpoint[],
  limits: { foreignForMs: number; silentForMs: number },
): Promise<KeptDeclared> {
  const byId = new Map(declared.map(each => [each.id, each]));
  return changeDurably(store, async trx => {
    // In the order in which everybody locks them.
    const rows: EndpointRow[] = await trx('callboard_endpoints')
      .where({ managed_by: 'config' })
      .orderBy('id')
      .forUpdate();
    const nowMs = await readNow(trx, store.dialect);
    const ours: string[] = [];
    const takenBack: string[] = [];
    const removed: string[] = [];
    for (const row of rows) {
      const endpoint = byId.get(row.id);
      const silentMs = nowMs - Number(row.declared_at);
      if (!endpoint) {
        if (silentMs > limits.silentForMs) {
          removed.push(row.id);
        }
      } else if (isAsDeclared(row, endpoint, nowMs)) {
        ours.push(row.id);
      } else if (silentMs > limits.foreignForMs) {
        await changeDeclared(trx, row, endpoint, nowMs);
        takenBack.push(row.id);
      }
    }
    await touchDeclared(trx, [...ours, ...takenBack], nowMs);
    await deleteEndpoints(trx, removed);
    return { takenBack, removed };
  });
}
