import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import {
  newEventId,
  type ClaimedEvent,
  type HandledEvent,
  type HandlingOutcome,
  type Slots,
} from '@callboard/backstage-plugin-events-node/bus';
import type { Endpoint, EndpointAttempt } from '../../endpoints';
import { readTraceparent } from '../requests';
import { planRetry, type RetrySchedule, type Verdict } from '../sending';
import type { EndpointSender, SentRequest } from './EndpointSender';
import { planRequests } from './planRequests';
import type { WebhookObserver } from './WebhookObserver';

/** An event in the hands of the reader of an endpoint. */
export interface EndpointEvent extends ClaimedEvent {
  /** As the log has it. */
  event: LogEvent;
  /** How long before it is due it was claimed, in milliseconds; 0 for what is due, or new. */
  earlyMs: number;
}

/** What sending a batch needs besides the batch. */
export interface SendContext {
  endpoint: Endpoint;
  sender: Pick<EndpointSender, 'send'>;
  slots: Slots;
  schedule: RetrySchedule;
  /** Asked before each request; false once nothing more may begin. */
  mayBegin(): boolean;
  /** Asked before each request: whether the breaker allows it, or how long to wait, in milliseconds. */
  check(): { allowed: true } | { allowed: false; waitMs: number };
  /** Told of each result at once. */
  note(verdict: Verdict): void;
  observer: WebhookObserver;
  /** Gives up what is under way. */
  signal: AbortSignal;
  /** From 0 to 1. */
  random(): number;
}

/** A batch with its outcomes, and every attempt that was made. */
export interface SentBatch {
  handled: HandledEvent[];
  attempts: EndpointAttempt[];
}

/**
 * Sends a batch: requests side by side as far as slots are free, those of one row one after the other. Behind one that
 * failed the rest of its row is not tried. Never rejects.
 */
export async function sendBatch(
  events: readonly EndpointEvent[],
  context: SendContext,
): Promise<SentBatch> {
  const known = new Map(events.map(event => [event.position, event]));
  const find = ({ position }: ClaimedEvent) => {
    const event = known.get(position);
    if (!event) {
      throw new Error(`Position ${position} is not of this batch`);
    }
    return event;
  };
  const { batch } = context.endpoint.settings;
  const rows = planRequests(events, batch?.maxEvents ?? 1);
  const attempts: EndpointAttempt[] = [];
  const sendRow = async (row: readonly ClaimedEvent[][]) => {
    const handled: HandledEvent[] = [];
    let isBlocked = false;
    for (const request of row) {
      const outcomes: HandledEvent[] = isBlocked
        ? untried(request)
        : await sendOne(request.map(find), context, attempts);
      handled.push(...outcomes);
      isBlocked ||= outcomes.some(
        ({ outcome }) => outcome.kind !== 'delivered',
      );
    }
    return handled;
  };
  const handled = await Promise.all(rows.map(sendRow));
  return { handled: handled.flat(), attempts };
}

async function sendOne(
  events: readonly EndpointEvent[],
  context: SendContext,
  attempts: EndpointAttempt[],
): Promise<HandledEvent[]> {
  return context.slots.use(async () => {
    if (!context.mayBegin()) {
      return untried(events);
    }
    const permission = context.check();
    if (!permission.allowed) {
      return untried(events, permission.waitMs);
    }
    const sent = await context.observer.observeSending(
      {
        endpointId: context.endpoint.id,
        events: events.length,
        traceparent:
          events.length === 1 ? readTraceparent(events[0].event) : undefined,
      },
      () =>
        context.sender.send(
          events.map(({ event }) => event),
          context.signal,
        ),
    );
    context.note(sent.verdict);
    attempts.push(
      ...events.map(({ event, attempt }, index) =>
        toAttempt(
          // One answer is kept for a request, however many events it carried.
          index === 0 ? sent : { ...sent, answer: undefined },
          { endpointId: context.endpoint.id, event, attempt },
        ),
      ),
    );
    return events.map(event => ({
      event,
      outcome: toOutcome(sent, event, context),
    }));
  });
}

function untried(
  events: readonly ClaimedEvent[],
  afterMs?: number,
): HandledEvent[] {
  return events.map(event => ({
    event,
    outcome: { kind: 'untried', afterMs },
  }));
}

function toOutcome(
  { verdict, durationMs }: SentRequest,
  { attempt, earlyMs }: EndpointEvent,
  { schedule, random }: SendContext,
): HandlingOutcome {
  switch (verdict.kind) {
    case 'delivered':
      return { kind: 'delivered', durationMs };
    case 'cancelled':
      return { kind: 'untried' };
    case 'gone':
      // Whoever resumes the endpoint goes on with this event, however often it was tried.
      return {
        kind: 'failed',
        error: verdict.reason,
        durationMs,
        next: { delayMs: 0 },
      };
    case 'failed':
    case 'throttled': {
      const { reason } = verdict;
      const retryAfterMs =
        verdict.kind === 'throttled' ? verdict.retryAfterMs : undefined;
      if (earlyMs > 0) {
        // It was sent to see whether the receiver works again, which must not use up its schedule.
        return {
          kind: 'untried',
          afterMs: Math.max(earlyMs, retryAfterMs ?? 0),
        };
      }
      const next = planRetry({
        schedule,
        attempts: attempt,
        retryAfterMs,
        random: random(),
      });
      return {
        kind: 'failed',
        error: reason,
        durationMs,
        next: next ?? 'dead',
      };
    }
    default:
      throw new Error(`Unknown verdict ${JSON.stringify(verdict)}`);
  }
}

/** What is kept of a request for one of its events. */
export function toAttempt(
  sent: SentRequest,
  {
    endpointId,
    event,
    attempt,
  }: { endpointId: string; event: LogEvent; attempt: number },
): EndpointAttempt {
  const { verdict, answer } = sent;
  return {
    id: newEventId(),
    messageId: sent.messageId,
    endpointId,
    eventId: event.id,
    position: event.position,
    topic: event.topic,
    number: attempt,
    startedAtMs: sent.startedAtMs,
    durationMs: Math.round(sent.durationMs),
    outcome: verdict.kind,
    reason: verdict.reason,
    status: sent.status,
    request: sent.request,
    answer: verdict.kind === 'delivered' ? shorten(answer) : answer,
  };
}

/** What a receiver says when all went well, in characters: of a good answer few people want to see more. */
const maxGoodAnswer = 1_024;

function shorten(answer: SentRequest['answer']): SentRequest['answer'] {
  return answer && answer.body.length > maxGoodAnswer
    ? { ...answer, body: answer.body.slice(0, maxGoodAnswer), cut: true }
    : answer;
}
