import { InputError } from '@backstage/errors';
import type { EventParams } from '@backstage/plugin-events-node';
import { durationToMilliseconds, type HumanDuration } from '@backstage/types';
import { z } from 'zod';
import type {
  BatchFailure,
  SubscribeOptions,
  SubscriptionOptions,
} from '../SubscribeOptions';
import {
  maxTopics,
  pauseSchema,
  subscribedTopicSchema,
  subscriptionIdSchema,
} from '../subscriptionRules';
import type { Topic } from '../Topic';
import type { RetryWish, StartPosition } from './SubscriptionAccess';

/** A handler as the bus keeps it. */
export interface Handler<TPayload = unknown> {
  topics: string[];
  /** Whether an event of one of the topics is meant for the handler; what is meant for none is passed over. */
  wants(params: EventParams): boolean;
  /**
   * Gives an event the type that its topic has.
   *
   * @throws what the topic throws when the payload does not fit it
   */
  read(params: EventParams): EventParams<TPayload>;
  handle:
    | { kind: 'event'; onEvent(params: EventParams<TPayload>): Promise<void> }
    | {
        kind: 'batch';
        onBatch(
          events: readonly EventParams<TPayload>[],
        ): Promise<void | readonly BatchFailure[]>;
      };
}

/** What holds for a subscription as a whole; undefined where its handlers said nothing. */
export interface SubscriptionTerms {
  concurrency: number | undefined;
  maxBatchEvents: number | undefined;
  retry: RetryWish | undefined;
  start: StartPosition | undefined;
}

/** A handler, and what it says of its subscription. */
export interface Subscriber {
  handler: Handler;
  terms: SubscriptionTerms;
}

/**
 * Checks what a handler subscribes with, and translates it.
 *
 * @throws InputError that names what is wrong
 */
export function readSubscribeOptions<TPayload>(
  options: SubscribeOptions<TPayload>,
): Subscriber {
  const { id, topics } = options;
  const checkedId = subscriptionIdSchema.safeParse(id);
  if (!checkedId.success) {
    throw new InputError(checkedId.error.issues[0].message);
  }
  const refuse = (what: string): never => {
    throw new InputError(`Subscription '${id}' ${what}`);
  };
  if (topics.length > maxTopics) {
    refuse(`names more than ${maxTopics} topics`);
  }
  const types = readTopics(topics);
  const typesOf = ({ topic, eventPayload }: EventParams) =>
    types
      .get(topic)
      ?.filter(type => type?.concerns?.(eventPayload) !== false) ?? [];
  const names = [...types.keys()];
  if (!z.array(subscribedTopicSchema).safeParse(names).success) {
    refuse(
      'names a topic that is not a text of 1 to 255 characters without a zero character',
    );
  }
  const handler: Handler<TPayload> = {
    topics: names,
    wants: params => typesOf(params).length > 0,
    read(params) {
      const [type] = typesOf(params);
      const eventPayload = type
        ? type.parse(params.eventPayload)
        : // A topic that is given by its name has the type that the handler says it has.
          (params.eventPayload as TPayload);
      return { ...params, eventPayload };
    },
    handle: readHandle(options, refuse),
  };
  return { handler, terms: readTerms(options, refuse) };
}

/** Topics by their names, with their types; the type of one that is given by its name is undefined, and comes last. */
function readTopics<TPayload>(
  topics: readonly (string | Topic<TPayload>)[],
): Map<string, (Topic<TPayload> | undefined)[]> {
  const types = new Map<string, (Topic<TPayload> | undefined)[]>();
  const add = (name: string, type: Topic<TPayload> | undefined) =>
    types.set(name, [...(types.get(name) ?? []), type]);
  const isType = (topic: string | Topic<TPayload>): topic is Topic<TPayload> =>
    typeof topic === 'object' && topic !== null;
  topics.filter(isType).forEach(topic => add(topic.name, topic));
  for (const topic of topics) {
    if (!isType(topic)) {
      add(topic, undefined);
    }
  }
  return types;
}

function readHandle<TPayload>(
  options: SubscribeOptions<TPayload>,
  refuse: (what: string) => never,
): Handler<TPayload>['handle'] {
  const { onEvent, onBatch } = options;
  if (typeof onEvent === 'function' && onBatch === undefined) {
    return { kind: 'event', onEvent };
  }
  if (typeof onBatch === 'function' && onEvent === undefined) {
    return { kind: 'batch', onBatch };
  }
  return refuse('needs either onEvent or onBatch, a function');
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
    if (ms !== undefined && !pauseSchema.safeParse(ms).success) {
      refuse(`needs ${name} to be a duration of at most 30 days`);
    }
    return ms;
  };
  const { retry } = options;
  return {
    concurrency: whole('concurrency', options.concurrency, 1_000),
    maxBatchEvents: whole('maxBatchEvents', options.maxBatchEvents, 200),
    retry: retry && {
      maxAttempts: whole('retry.maxAttempts', retry.maxAttempts, 1_000),
      initialDelayMs: duration('retry.initialDelay', retry.initialDelay),
      maxDelayMs: duration('retry.maxDelay', retry.maxDelay),
    },
    start: readStart(options.startAt, refuse),
  };
}

function readStart(
  startAt: SubscriptionOptions['startAt'],
  refuse: (what: string) => never,
): StartPosition | undefined {
  if (startAt instanceof Date && !Number.isNaN(startAt.getTime())) {
    return { timeMs: startAt.getTime() };
  }
  switch (startAt) {
    case undefined:
    case 'end':
    case 'beginning':
      return startAt;
    default:
      return refuse("needs startAt to be 'end', 'beginning' or a valid date");
  }
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
  };
}
