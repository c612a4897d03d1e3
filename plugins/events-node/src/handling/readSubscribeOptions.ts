import { InputError } from '@backstage/errors';
import type { EventParams } from '@backstage/plugin-events-node';
import { durationToMilliseconds, type HumanDuration } from '@backstage/types';
import type {
  SubscribeOptions,
  SubscriptionOptions,
} from '../SubscribeOptions';
import type { BatchHandler } from './handleEvents';
import type { RetryWish, StartPosition } from './SubscriptionAccess';

const maxIdBytes = 512;
const maxTopics = 100;

/** A handler as the bus keeps it. */
export interface Handler {
  topics: string[];
  handle:
    | { kind: 'event'; onEvent: (params: EventParams) => Promise<void> }
    | { kind: 'batch'; onBatch: BatchHandler };
}

/** What holds for a subscription as a whole; undefined where its handlers said nothing. */
export interface SubscriptionTerms {
  concurrency: number | undefined;
  maxBatchEvents: number | undefined;
  retry: RetryWish | undefined;
  start: StartPosition | undefined;
  perProcess: boolean | undefined;
}

/**
 * Checks what a handler subscribes with, and translates it.
 *
 * @throws InputError that names what is wrong
 */
export function readSubscribeOptions<TPayload>(
  options: SubscribeOptions<TPayload>,
): { handler: Handler; terms: SubscriptionTerms } {
  const { id, topics } = options;
  if (
    typeof id !== 'string' ||
    id === '' ||
    Buffer.byteLength(id) > maxIdBytes
  ) {
    throw new InputError(
      `A subscription needs an id of 1 to ${maxIdBytes} bytes`,
    );
  }
  const refuse = (what: string): never => {
    throw new InputError(`Subscription '${id}' ${what}`);
  };
  if (topics.length > maxTopics) {
    refuse(`names more than ${maxTopics} topics`);
  }
  const parsers = new Map(
    topics.map(topic =>
      typeof topic === 'object' && topic !== null
        ? [topic.name, (payload: unknown) => topic.parse(payload)]
        : [topic, undefined],
    ),
  );
  const names = [...parsers.keys()];
  if (names.some(name => typeof name !== 'string' || name === '')) {
    refuse('names a topic that is not a text or is empty');
  }
  return {
    handler: { topics: names, handle: readHandler(options, parsers) },
    terms: readTerms(options, refuse),
  };
}

function readHandler<TPayload>(
  options: SubscribeOptions<TPayload>,
  parsers: ReadonlyMap<string, ((payload: unknown) => TPayload) | undefined>,
): Handler['handle'] {
  const type = (params: EventParams): EventParams<TPayload> => {
    const parse = parsers.get(params.topic);
    return {
      ...params,
      // A topic that is given by its name has the type that the handler says it has.
      eventPayload: parse
        ? parse(params.eventPayload)
        : (params.eventPayload as TPayload),
    };
  };
  if (options.onBatch) {
    const { onBatch } = options;
    return { kind: 'batch', onBatch: events => onBatch(events.map(type)) };
  }
  const { id, onEvent } = options;
  if (typeof onEvent !== 'function') {
    throw new InputError(
      `Subscription '${id}' has neither onEvent nor onBatch`,
    );
  }
  return { kind: 'event', onEvent: params => onEvent(type(params)) };
}

function readTerms(
  options: SubscriptionOptions & { maxBatchEvents?: number },
  refuse: (what: string) => never,
): SubscriptionTerms {
  const whole = (name: string, value: number | undefined, most: number) => {
    if (
      value !== undefined &&
      (!Number.isInteger(value) || value < 1 || value > most)
    ) {
      refuse(`needs ${name} to be a whole number from 1 to ${most}`);
    }
    return value;
  };
  const duration = (name: string, value: HumanDuration | undefined) => {
    const ms = value && durationToMilliseconds(value);
    if (ms !== undefined && (!Number.isFinite(ms) || ms < 0)) {
      refuse(`needs ${name} to be a duration`);
    }
    return ms;
  };
  const { retry, startAt } = options;
  if (startAt instanceof Date && Number.isNaN(startAt.getTime())) {
    refuse('needs startAt to be a valid date');
  }
  return {
    concurrency: whole('concurrency', options.concurrency, 1_000),
    maxBatchEvents: whole('maxBatchEvents', options.maxBatchEvents, 200),
    retry: retry && {
      maxAttempts: whole('retry.maxAttempts', retry.maxAttempts, 1_000),
      initialDelayMs: duration('retry.initialDelay', retry.initialDelay),
      maxDelayMs: duration('retry.maxDelay', retry.maxDelay),
    },
    start: startAt instanceof Date ? { timeMs: startAt.getTime() } : startAt,
    perProcess: options.perProcess,
  };
}

/**
 * Joins what two handlers say of one subscription.
 *
 * @throws InputError when they contradict each other
 */
export function joinTerms(
  id: string,
  some: SubscriptionTerms,
  others: SubscriptionTerms,
): SubscriptionTerms {
  const join = <T>(name: string, one: T, other: T): T => {
    if (
      one !== undefined &&
      other !== undefined &&
      JSON.stringify(one) !== JSON.stringify(other)
    ) {
      throw new InputError(
        `Handlers of subscription '${id}' contradict each other about ${name}`,
      );
    }
    return one ?? other;
  };
  return {
    concurrency: join('concurrency', some.concurrency, others.concurrency),
    maxBatchEvents: join(
      'maxBatchEvents',
      some.maxBatchEvents,
      others.maxBatchEvents,
    ),
    retry: join('retry', some.retry, others.retry),
    start: join('startAt', some.start, others.start),
    perProcess: join('perProcess', some.perProcess, others.perProcess),
  };
}
