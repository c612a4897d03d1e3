import { InputError } from '@backstage/errors';
import type { RedeliveryResult } from '@callboard/backstage-plugin-events-common';
import type { Notifier } from '@callboard/backstage-plugin-events-node';
import type { DeliveryPool } from '../../deliveries';
import {
  toSubscriptionId,
  type Endpoint,
  type EndpointPool,
} from '../../endpoints';
import type { SqlEventLog } from '../../log';
import type { SubscriptionPool } from '../../subscriptions';
import { findEvent } from '../findReplayed';
import type { EndpointDoor } from './EndpointDoor';
import { describeHold } from './explainEndpointEvent';
import { selectEvent } from './selectEvent';

/**
 * Owes one event to an endpoint again, whatever the endpoint chooses.
 *
 * @throws NotFoundError when the log does not have the event
 * @throws InputError when its topic is ephemeral
 */
export async function redeliver(
  pools: {
    log: SqlEventLog;
    subscriptions: SubscriptionPool;
    deliveries: DeliveryPool;
    endpoints: EndpointPool;
    notifier: Notifier;
    door: EndpointDoor;
  },
  endpoint: Endpoint,
  eventId: string,
): Promise<RedeliveryResult> {
  const { log, subscriptions, deliveries, endpoints, notifier, door } = pools;
  const event = await findEvent(log, eventId);
  if (deliveries.isEphemeral(event.topic)) {
    throw new InputError(
      `Events of the ephemeral topic '${event.topic}' are tried once and cannot be redelivered`,
    );
  }
  const selection = await selectEvent(door, endpoint.settings, event);
  const { owed } = await deliveries.replay(
    toSubscriptionId(endpoint.id),
    [event],
    {
      dryRun: false,
      // What the endpoint does not choose, or may not, does not come by itself, wherever its cursor is.
      ...(selection.matches && {
        choose: (...args) => subscriptions.chooseForReplay(...args),
      }),
    },
  );
  if (owed > 0) {
    notifier.notify(new Set([event.topic]));
  }
  const health = await endpoints.readHealth(endpoint.id);
  const hold = describeHold(endpoint, door.readBreaker(health?.health));
  const next =
    owed > 0
      ? 'It is owed again, and sent behind what is owed with its key'
      : 'It is owed already, or still to be read, and comes by itself';
  return {
    eventId,
    owed: owed > 0,
    explanation: hold === undefined ? next : `${next}. ${hold}`,
  };
}
