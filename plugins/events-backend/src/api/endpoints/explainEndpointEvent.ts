import type { Recipient } from '@callboard/backstage-plugin-events-common';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { DeliveryRow } from '../../deliveries';
import type { Endpoint, EndpointAttempt } from '../../endpoints';
import { wants, type Subscription } from '../../subscriptions';
import type { BreakerState } from './EndpointDoor';
import { toInstant } from './endpointViews';
import type { KnownSelection } from './selectEvent';

/** What is known about the way of an event to an endpoint. */
export interface EndpointEventFacts {
  endpoint: Pick<
    Endpoint,
    'state' | 'stateReason' | 'stateBy' | 'stateAtMs' | 'updatedAtMs'
  >;
  event: Pick<LogEvent, 'position' | 'topic' | 'timeMs'>;
  /** Whether the event's topic is ephemeral, so that it is tried once. */
  isEphemeral: boolean;
  /** Undefined while it is still to be made. */
  subscription: Pick<Subscription, 'cursor' | 'topics'> | undefined;
  /** Whether its settings, as they are now, choose the event. */
  selection: KnownSelection;
  breaker: BreakerState;
  /** Why nothing can be sent to it, as a sentence; undefined when something can, or nobody has looked. */
  sendingProblem?: string;
  delivery:
    | Pick<DeliveryRow, 'state' | 'attempts' | 'due_at' | 'last_error' | 'key'>
    | undefined;
  /** Whether a process has the event in hand. */
  isClaimed: boolean;
  /** Those that are kept still, newest first. */
  attempts: readonly Pick<
    EndpointAttempt,
    'number' | 'outcome' | 'reason' | 'startedAtMs'
  >[];
}

/** Where an event is on its way to an endpoint. */
export type EndpointEventExplanation = Pick<
  Recipient,
  'status' | 'explanation' | 'dueAt'
>;

/**
 * Says why an event was sent to an endpoint, or was not, and what happens next. What was written down of the event goes
 * before what the endpoint says now: it may have said something else then.
 */
export function explainEndpointEvent(
  facts: EndpointEventFacts,
): EndpointEventExplanation {
  return (
    explainDelivery(facts) ?? explainAttempts(facts) ?? explainCursor(facts)
  );
}

/** It is owed, or was. */
function explainDelivery(
  facts: EndpointEventFacts,
): EndpointEventExplanation | undefined {
  const { delivery, attempts } = facts;
  if (!delivery) {
    return undefined;
  }
  const { state } = delivery;
  const failure = delivery.last_error ? ` (${delivery.last_error})` : '';
  const next = delivery.attempts + 1;
  switch (state) {
    case 'due': {
      const dueAt = toInstant(Number(delivery.due_at));
      return {
        status: state,
        explanation: withHold(
          `Attempt ${next} is due at ${dueAt}${failure}`,
          facts,
        ),
        dueAt,
      };
    }
    case 'blocked':
      return {
        status: state,
        explanation: withHold(
          `Waits behind an earlier event with key '${delivery.key}'`,
          facts,
        ),
      };
    case 'claimed':
      return { status: state, explanation: `Attempt ${next} is under way` };
    case 'delivered':
      return (
        explainDelivered(attempts) ?? {
          status: state,
          explanation: `Delivered at attempt ${next}`,
        }
      );
    case 'dead':
      return {
        status: state,
        explanation: `Given up after ${delivery.attempts} attempts${failure}; it can be redelivered`,
      };
    default:
      throw new Error(`Unknown state ${JSON.stringify(state)}`);
  }
}

/** It is owed no more, or never was, but was sent. */
function explainAttempts({
  attempts,
  isClaimed,
  isEphemeral,
}: EndpointEventFacts): EndpointEventExplanation | undefined {
  if (isClaimed) {
    return { status: 'claimed', explanation: 'The first attempt is under way' };
  }
  const delivered = explainDelivered(attempts);
  if (delivered) {
    return delivered;
  }
  const [last] = attempts;
  if (!last) {
    return undefined;
  }
  return isEphemeral
    ? {
        status: 'tried',
        explanation: `Tried once, because its topic is ephemeral (${last.reason})`,
      }
    : {
        status: 'dead',
        explanation: `Given up after attempt ${last.number} (${last.reason}), longer ago than dead deliveries are kept; it can be redelivered`,
      };
}

function explainDelivered(
  attempts: EndpointEventFacts['attempts'],
): EndpointEventExplanation | undefined {
  const delivered = attempts.find(({ outcome }) => outcome === 'delivered');
  return (
    delivered && {
      status: 'delivered',
      explanation: `Delivered at attempt ${
        delivered.number
      }, which began at ${toInstant(delivered.startedAtMs)} (${
        delivered.reason
      })`,
    }
  );
}

/** Nothing is written of it: what it is comes from the cursor, and from what the endpoint says now. */
function explainCursor(facts: EndpointEventFacts): EndpointEventExplanation {
  const { endpoint, event, subscription, selection } = facts;
  if (!subscription) {
    return {
      status: 'waiting',
      explanation:
        'The subscription of the endpoint is still to be made, which takes seconds',
    };
  }
  const { cursor, topics } = subscription;
  const isAhead = cursor < event.position;
  if (selection.matches === false) {
    const mayDiffer = !isAhead && endpoint.updatedAtMs > event.timeMs;
    return {
      status: 'not-wanted',
      explanation: mayDiffer
        ? `${selection.reason}. So the endpoint says now; it was changed after this event`
        : selection.reason,
    };
  }
  if (!wants(topics, event)) {
    return {
      status: 'not-wanted',
      explanation: topics.some(({ from }) => event.position <= from)
        ? `The endpoint wants '${event.topic}' only since after this event; it can be redelivered`
        : `The endpoint did not want '${event.topic}' any more when this event came`,
    };
  }
  const doubt = selection.matches ? '' : `. ${selection.reason}`;
  if (isAhead) {
    return {
      status: 'waiting',
      explanation: withHold(
        `The endpoint has read up to position ${cursor}, this event is at ${event.position}${doubt}`,
        facts,
      ),
    };
  }
  return {
    status: 'tried',
    explanation: `The endpoint has read past it and owes it nothing, and no attempt is kept: it was sent longer ago than attempts are kept, or the endpoint did not want it as it was then. It can be redelivered${doubt}`,
  };
}

function withHold(
  explanation: string,
  { endpoint, breaker, sendingProblem }: EndpointEventFacts,
): string {
  const hold = describeHold(endpoint, breaker, sendingProblem);
  return hold === undefined ? explanation : `${explanation}. ${hold}`;
}

/** Why nothing is sent to an endpoint now; undefined when something is. */
export function describeHold(
  {
    state,
    stateBy,
    stateAtMs,
    stateReason,
  }: Pick<Endpoint, 'state' | 'stateBy' | 'stateAtMs' | 'stateReason'>,
  breaker: BreakerState,
  sendingProblem?: string,
): string | undefined {
  if (state !== 'active') {
    const reason = stateReason ? ` (${stateReason})` : '';
    return `The endpoint is ${state} by ${stateBy} since ${toInstant(
      stateAtMs,
    )}${reason}, and sends nothing until it is resumed`;
  }
  if (sendingProblem !== undefined) {
    return `Nothing can be sent to it: ${sendingProblem}`;
  }
  if (breaker.state === 'closed') {
    return undefined;
  }
  const until =
    breaker.untilMs === undefined ? 'later' : toInstant(breaker.untilMs);
  return breaker.state === 'open'
    ? `The receiver failed again and again, or asked for a pause, so nothing is sent before ${until}, and one request then to see whether it works again`
    : 'The receiver failed again and again, or asked for a pause, and one request is under way to see whether it works again';
}
