import { InputError } from '@backstage/errors';
import type { EventParams } from '@backstage/plugin-events-node';
import { z } from 'zod';
import { createEventParams, type EventDescription } from './metadata';

/**
 * A topic whose payloads have a type.
 *
 * @public
 */
export interface Topic<TPayload> {
  readonly name: string;
  /**
   * Makes parameters for `publish`.
   *
   * @param event - the payload, and what else is known about the event
   * @throws InputError that says what of the payload does not fit the topic
   */
  event(
    event: EventDescription & {
      eventPayload: TPayload;
      metadata?: EventParams['metadata'];
    },
  ): EventParams<TPayload>;
  /**
   * Checks a payload that came from the log.
   *
   * @returns the payload, with its type
   * @throws InputError that says what of the payload does not fit the topic
   */
  parse(payload: unknown): TPayload;
  /**
   * Whether an event is meant, where events of several kinds have the same name, or a subscriber wants some of them. What
   * none of a handler's topics means is passed over: it counts as delivered. Without this, all events are meant.
   */
  concerns?(payload: unknown): boolean;
}

/**
 * Gives a topic a type, for publishers and subscribers alike.
 *
 * @param name - of the topic
 * @param schema - checks payloads in both directions: its `parse` gives the payload back, or throws. A schema of zod
 * fits; what it makes of a payload must fit it again, since a payload goes through it on both ways
 *
 * @example
 * ```ts
 * export const deployments = defineTopic(
 *   'deployments',
 *   z.object({ service: z.string(), version: z.string() }),
 * );
 *
 * await events.publish(
 *   deployments.event({ eventPayload: { service: 'pay', version: '2' }, key: 'pay' }),
 * );
 * await events.subscribe({
 *   id: 'announcements',
 *   topics: [deployments],
 *   async onEvent({ eventPayload }) {
 *     announce(eventPayload.version);
 *   },
 * });
 * ```
 *
 * @public
 */
export function defineTopic<TPayload>(
  name: string,
  schema: { parse(payload: unknown): TPayload },
): Topic<TPayload> {
  const parse = (payload: unknown): TPayload => {
    try {
      return schema.parse(payload);
    } catch (error) {
      throw new InputError(
        `The payload does not fit topic '${name}': ${describeMisfit(error)}`,
        error,
      );
    }
  };
  return {
    name,
    event: ({ eventPayload, ...described }) =>
      createEventParams({
        ...described,
        topic: name,
        eventPayload: parse(eventPayload),
      }),
    parse,
  };
}

/** The part of an error of zod that says what is wrong, in each of its versions. */
const issuesSchema = z.object({
  issues: z.array(
    z.object({
      path: z.array(z.union([z.string(), z.number()])),
      message: z.string(),
    }),
  ),
});

/** Says what does not fit and where, but not what it is: a payload may hold what does not belong into a log. */
function describeMisfit(error: unknown): string {
  const { success, data } = issuesSchema.safeParse(error);
  if (!success) {
    return String(error);
  }
  return data.issues
    .map(({ path, message }) => [path.join('.') || 'the payload', message])
    .map(parts => parts.join(': '))
    .join('; ');
}
