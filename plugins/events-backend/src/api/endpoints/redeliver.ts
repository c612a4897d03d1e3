import {
  ConflictError,
  InputError,
  ServiceUnavailableError,
} from '@backstage/errors';
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
import { selectEvent, type KnownSelection } from './selectEvent';

/**
 * Owes one event to an endpoint again, whatever the endpoint chooses, or lets it be due at once if it waits for its next
 * attempt; but one that is declared in the configuration is sent
 * nothing else than what it chooses there.
 *
 * @throws NotFoundError when the log does not have the event
 * @throws InputError when its topic is ephemeral
 * @throws ConflictError when the endpoint is declared in the configuration, and does not choose the event
 * @throws ServiceUnavailableError when it is, and the catalog is away that would have to be asked
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
  if (endpoint.managedBy === 'config') {
    refuseUnchosen(endpoint, selection);
  }
  const subscriptionId = toSubscriptionId(endpoint.id);
  const { owed } = await deliveries.replay(
    subscriptionId,
    [endpoint.settings.ordered ? event : { ...event, key: undefined }],
    {
      dryRun: false,
      // What the endpoint does not choose, or may not, does not come by itself, wherever its cursor is.
      ...(selection.matches && {
        choose: (...args) => subscriptions.chooseForReplay(...args),
      }),
    },
  );
  const hastened =
    owed === 0 && (await deliveries.hastenOne(subscriptionId, event.position));
  if (owed > 0 || hastened) {
    notifier.notify(new Set([event.topic]));
  }
  const health = await endpoints.readHealth(endpoint.id);
  const hold = describeHold(
    endpoint,
    door.readBreaker(health?.health),
    await door.findSendingProblem(endpoint),
  );
  const next = describeNext(owed > 0, hastened);
  return {
    eventId,
    owed: owed > 0,
    explanation: hold === undefined ? next : `${next}. ${hold}`,
  };
}

function describeNext(isOwed: boolean, isHastened: boolean): string {
  if (isOwed) {
    return 'It is owed again, and sent behind what is owed with its key';
  }
  return isHastened
    ? 'It was owed already and waited for its next attempt, which is due at once now'
    : 'It is owed already, or still to be read, and comes by itself';
}

/** Whoever may send an endpoint its events again has no say in which events those are, where the configuration has it. */
function refuseUnchosen(
  { id }: Pick<Endpoint, 'id'>,
  selection: KnownSelection,
): void {
  if (selection.matches === undefined) {
    throw new ServiceUnavailableError(
      `Nobody knows now whether endpoint '${id}' chooses the event: ${selection.reason}. Try again`,
    );
  }
  if (!selection.matches) {
    throw new ConflictError(
      `Endpoint '${id}' does not choose the event (${selection.reason}), and is declared in the configuration under events.webhooks.endpoints.${id}, which alone says what it is sent; change it there`,
    );
  }
}
