import { randomUUID } from 'node:crypto';
import type { EndpointState } from '@callboard/backstage-plugin-events-common';
import { newEventId } from '@callboard/backstage-plugin-events-node/bus';
import type { Store } from '../../database';
import type { Endpoint } from '../Endpoint';
import { toEndpoint, type EndpointRow } from '../endpointRow';
import { toStorableText } from '../toStorableText';
import { changeDurably } from './changeDurably';
import { forgetHealth } from './forgetHealth';

/** The state that an endpoint is to be in. */
export interface StateChange {
  state: EndpointState;
  /** A sentence for people. It is not kept while the endpoint is active. */
  reason?: string;
  /** Reference of a user, or `system`. */
  by: string;
  /** Whether an event is to tell of it. Any change of state takes the place of one that was not told of yet. */
  announce?: boolean;
}

/**
 * Brings an endpoint into another state, whoever declares it. When it becomes active its health is forgotten.
 *
 * @param expectedRevision - which it must have still; undefined for any
 * @returns the endpoint; undefined when it is in that state already, has another revision or does not exist
 */
export async function setEndpointState(
  store: Store,
  id: string,
  { state, reason, by, announce = false }: StateChange,
  expectedRevision: string | undefined,
): Promise<Endpoint | undefined> {
  const { dialect } = store;
  return changeDurably(store, async trx => {
    const [changed]: EndpointRow[] = await trx('callboard_endpoints')
      .where({
        id,
        ...(expectedRevision !== undefined && { revision: expectedRevision }),
      })
      .whereNot({ state })
      .update({
        state,
        state_reason:
          state === 'active' || !reason ? null : toStorableText(reason),
        state_by: by,
        state_at: trx.raw(dialect.nowMs),
        announcement: announce ? newEventId() : null,
        revision: randomUUID(),
        updated_at: trx.raw(dialect.nowMs),
      })
      .returning('*');
    if (!changed) {
      return undefined;
    }
    if (state === 'active') {
      await forgetHealth(trx, id);
    }
    return toEndpoint(changed);
  });
}
