import type { EventParams } from '@backstage/plugin-events-node';
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
   * @throws what the schema of the topic throws, when the payload does not fit it
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
   * @throws what the schema of the topic throws, when the payload does not fit it
   */
  parse(payload: unknown): TPayload;
}

/**
 * Gives a topic a type, for publishers and subscribers alike.
 *
 * @param name - of the topic
 * @param schema - checks payloads in both directions; a schema of zod fits
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
  return {
    name,
    event: ({ eventPayload, ...described }) =>
      createEventParams({
        ...described,
        topic: name,
        eventPayload: schema.parse(eventPayload),
      }),
    parse: payload => schema.parse(payload),
  };
}
