import type { Endpoint } from '../../endpoints';

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

/** Says that an endpoint was disabled. */
export function describeDisabled(endpoint: Endpoint): EndpointDisabled {
  const { id, settings, stateReason, stateAtMs } = endpoint;
  return {
    endpointId: id,
    owner: settings.owner,
    description: settings.description,
    reason: stateReason ?? '',
    disabledAt: new Date(stateAtMs).toISOString(),
  };
}
