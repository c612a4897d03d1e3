import type { EventParams } from '@backstage/plugin-events-node';
import { createEventParams } from '@callboard/backstage-plugin-events-node';
import type { Endpoint, EndpointPool } from '../../endpoints';

/** The topic of events that say that an endpoint was disabled. */
export const disabledTopic = 'events.endpoint.disabled';

/** What such an event says. */
export interface EndpointDisabled {
  endpointId: string;
  /** The group or user that answers for it. */
  owner: string;
  description: string;
  /** A sentence for people. */
  reason: string;
  /** ISO 8601. */
  disabledAt: string;
}

/**
 * Publishes that endpoints were disabled, for each that nobody was told of yet. The event has the same id for as long as it
 * is not known to be in the log, so a crash in between publishes nothing twice.
 */
export async function announceDisabled(
  endpoints: Pick<EndpointPool, 'listAnnouncements' | 'endAnnouncement'>,
  publish: (event: EventParams) => Promise<void>,
): Promise<void> {
  for (const { endpoint, eventId } of await endpoints.listAnnouncements()) {
    await publish(
      createEventParams({
        topic: disabledTopic,
        id: eventId,
        key: `endpoint:${endpoint.id}`,
        eventPayload: describeDisabled(endpoint),
      }),
    );
    await endpoints.endAnnouncement(endpoint.id, eventId);
  }
}

function describeDisabled(endpoint: Endpoint): EndpointDisabled {
  const { id, settings, stateReason, stateAtMs } = endpoint;
  return {
    endpointId: id,
    owner: settings.owner,
    description: settings.description,
    reason: stateReason ?? '',
    disabledAt: new Date(stateAtMs).toISOString(),
  };
}
