import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import { newEventId } from '@callboard/backstage-plugin-events-node/bus';
import type { Endpoint, OpenSecrets } from '../../endpoints';
import { createKeyPair, createSecret } from '../signing';

/** The topic of events that are sent to try an endpoint; they are in no log. */
export const testTopic = 'events.endpoint.test';

/** Makes an event that says that it is a test. */
export function makeTestEvent(endpointId: string): LogEvent {
  const payload = JSON.stringify({
    endpointId,
    message: 'This is a test. Nothing has happened.',
  });
  return {
    position: 0,
    id: newEventId(),
    topic: testTopic,
    key: undefined,
    deduplicationId: undefined,
    payload,
    metadata: JSON.stringify({ source: 'events' }),
    size: Buffer.byteLength(payload),
    timeMs: Date.now(),
  };
}

/** Makes secrets that stand for those of an endpoint, for a request that is shown and not sent. */
export function makeStandIns({
  settings,
  secretHeaders,
}: Endpoint): OpenSecrets {
  return {
    signing: settings.signatures.map(version =>
      version === 'v1' ? createSecret() : createKeyPair().privateKey,
    ),
    headers: Object.fromEntries(secretHeaders.map(name => [name, ''])),
    password: '',
    clientSecret: '',
    tlsKey: undefined,
  };
}
