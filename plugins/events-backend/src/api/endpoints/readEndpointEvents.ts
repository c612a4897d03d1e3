import {
  toSubscriptionId,
  type AttemptHead,
  type Endpoint,
  type EndpointPool,
} from '../../endpoints';
import { fitsPattern } from '../../model/topicPattern';
import type { EventTraces } from '../readTraces';
import type { EndpointDoor } from './EndpointDoor';
import type { EndpointEventFacts } from './explainEndpointEvent';
import { selectEvent } from './selectEvent';
import { sinceOf } from './sinceOf';

/** More attempts at one event are not looked at: those of one endpoint, and of all, each of which may have made some. */
const maxAttempts = { ofOne: 200, ofAll: 2_000 };

/** An endpoint that an event concerns, with its attempts at it, and what is known of them. */
export interface EndpointEvent {
  endpoint: Endpoint;
  /** Newest first. */
  attempts: AttemptHead[];
  facts: EndpointEventFacts;
}

/** Reads what is known about the way of an event to each endpoint that wants its topic, or was sent it. */
export async function readEndpointEvents(
  options: { endpoints: EndpointPool; door: EndpointDoor },
  traces: EventTraces,
): Promise<EndpointEvent[]> {
  const { endpoints } = options;
  const { event, deliveries } = traces;
  const [all, attempts] = await Promise.all([
    endpoints.list(),
    endpoints.listAttemptHeads({
      eventId: event.id,
      limit: maxAttempts.ofAll,
    }),
  ]);
  const sent = new Set([
    ...attempts.map(({ endpointId }) => toSubscriptionId(endpointId)),
    ...deliveries.map(row => row.subscription_id),
  ]);
  const concerned = all.filter(
    ({ id, settings }) =>
      settings.topics.some(pattern => fitsPattern(event.topic, pattern)) ||
      sent.has(toSubscriptionId(id)),
  );
  if (concerned.length === 0) {
    return [];
  }
  const health = await endpoints.readAllHealth();
  return Promise.all(
    concerned.map(endpoint =>
      gatherFacts(options.door, traces, endpoint, {
        attempts: attempts.filter(
          ({ endpointId, startedAtMs }) =>
            endpointId === endpoint.id && startedAtMs >= sinceOf(endpoint),
        ),
        health: health.get(endpoint.id)?.health,
      }),
    ),
  );
}

/** Reads what is known about the way of an event to one endpoint. */
export async function readEndpointEvent(
  options: { endpoints: EndpointPool; door: EndpointDoor },
  traces: EventTraces,
  endpoint: Endpoint,
): Promise<EndpointEvent> {
  const { endpoints, door } = options;
  const [attempts, health] = await Promise.all([
    endpoints.listAttemptHeads({
      endpointId: endpoint.id,
      eventId: traces.event.id,
      fromMs: sinceOf(endpoint),
      limit: maxAttempts.ofOne,
    }),
    endpoints.readHealth(endpoint.id),
  ]);
  const found = await gatherFacts(door, traces, endpoint, {
    attempts,
    health: health?.health,
  });
  const sendingProblem = await door.findSendingProblem(endpoint);
  return { ...found, facts: { ...found.facts, sendingProblem } };
}

async function gatherFacts(
  door: EndpointDoor,
  traces: EventTraces,
  endpoint: Endpoint,
  { attempts, health }: { attempts: AttemptHead[]; health: unknown },
): Promise<EndpointEvent> {
  const { event, isEphemeral } = traces;
  const subscriptionId = toSubscriptionId(endpoint.id);
  return {
    endpoint,
    attempts,
    facts: {
      endpoint,
      event,
      isEphemeral,
      subscription: traces.subscriptions.find(
        ({ id }) => id === subscriptionId,
      ),
      selection: await selectEvent(door, endpoint.settings, event),
      breaker: door.readBreaker(health),
      delivery: traces.deliveries.find(
        row => row.subscription_id === subscriptionId,
      ),
      isClaimed:
        traces.claimed.get(subscriptionId)?.has(event.position) === true,
      attempts,
    },
  };
}
