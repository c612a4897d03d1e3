import { isError } from '@backstage/errors';
import type { EndpointSettings } from '@callboard/backstage-plugin-events-common';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { EndpointDoor, EndpointSelection } from './EndpointDoor';

/** Whether an endpoint wants an event, as far as that can be said now. */
export type KnownSelection =
  | EndpointSelection
  /** Nobody knows: the catalog is away. The event waits until it is there again. */
  | { matches: undefined; reason: string };

/**
 * Says whether an endpoint wants an event. While the catalog is away and that depends on it, says so: one filter is no
 * reason to show nothing of an event.
 */
export async function selectEvent(
  door: Pick<EndpointDoor, 'explain'>,
  settings: EndpointSettings,
  event: LogEvent,
): Promise<KnownSelection> {
  try {
    return await door.explain(settings, event);
  } catch (error) {
    if (isError(error) && error.name === 'CatalogAwayError') {
      return { matches: undefined, reason: error.message };
    }
    throw error;
  }
}
