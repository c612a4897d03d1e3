import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import type { Endpoint } from '../../endpoints';

/** Makes an endpoint of settings that are not saved, to be asked what it would do. */
export function makeDraft(
  settings: EndpointSettings,
  { headers = {} }: EndpointSecrets = {},
): Endpoint {
  const nowMs = Date.now();
  return {
    id: 'draft',
    managedBy: 'api',
    settings,
    signingKeys: [],
    secretHeaders: Object.keys(headers),
    state: 'active',
    stateReason: undefined,
    stateBy: 'system',
    stateAtMs: nowMs,
    startPosition: undefined,
    revision: '',
    createdAtMs: nowMs,
    createdBy: 'system',
    updatedAtMs: nowMs,
  };
}
