import {
  deliveriesPageSchema,
  deliveriesQuerySchema,
  eventsAfterPageSchema,
  eventsAfterQuerySchema,
  eventsPageSchema,
  eventsQuerySchema,
  eventViewSchema,
  positionSchema,
  replayRequestSchema,
  replayResultSchema,
  streamQuerySchema,
  subscriptionsViewSchema,
  topicsViewSchema,
  wholeEventSchema,
} from '@callboard/backstage-plugin-events-common';
import { z } from 'zod';
import { answer, body, describeApi, refusal, toSchema } from '../model/openApi';
import { endpointPaths, jwksPaths } from './endpoints';
import { refusals, tooLarge, toQueryParameters } from './openApiParts';

const lostPlace = refusal(
  'Events behind this position are gone, or the log never was that long. Take the position of the end (`after=end`), then a new copy of what you keep, and go on from that position',
);
const tooManyReaders = refusal(
  'Too many readers follow the log already, or the events database is away; Retry-After says when to try again',
);

/**
 * Describes the routes behind `/v1` in OpenAPI 3.1, whose schemas are JSON Schema.
 *
 * @see https://spec.openapis.org/oas/v3.1.0
 */
export const openApiDocument = {
  ...describeApi('/api/events/v1', {
    title: 'Callboard events API',
    version: '1.0.0',
    description:
      'Looks into the durable events system: events, topics, subscriptions, deliveries, replays. Keeps the endpoints of outbound webhooks.',
  }),
  paths: {
    '/events': {
      get: {
        operationId: 'listEvents',
        summary:
          'Events, the newest first; or with `after` whole events, in the order of the log, behind a position. Needs events.event.read.',
        parameters: toQueryParameters(
          eventsQuerySchema,
          eventsAfterQuerySchema,
        ),
        responses: {
          200: answer(
            'A page: the second kind for a query with `after`',
            z.union([eventsPageSchema, eventsAfterPageSchema]),
          ),
          ...refusals,
          410: lostPlace,
          503: tooManyReaders,
        },
      },
    },
    '/stream': {
      get: {
        operationId: 'streamEvents',
        summary:
          'Whole events as they come, in the order of the log, as Server-Sent Events. Needs events.event.read.',
        parameters: [
          ...toQueryParameters(streamQuerySchema),
          {
            name: 'Last-Event-ID',
            in: 'header',
            required: false,
            description:
              'The last id that the client has seen; goes before `after`. A browser sends it by itself.',
            schema: toSchema(positionSchema, 'input'),
          },
        ],
        responses: {
          200: {
            description:
              'A stream that does not end for a long time. `id` is the position, `data` the event as JSON (see the schema); a block without `data` only says how far the log is read.',
            content: {
              'text/event-stream': {
                schema: {
                  type: 'string',
                  contentMediaType: 'application/json',
                  contentSchema: toSchema(wholeEventSchema),
                },
              },
            },
          },
          ...refusals,
          410: lostPlace,
          503: tooManyReaders,
        },
      },
    },
    '/events/{id}': {
      get: {
        operationId: 'getEvent',
        summary:
          'One event: who got it, who did not and why, what happens next. Needs events.event.read, events.delivery.read for its recipients, and events.endpoint.read for more than the status of endpoints among them.',
        parameters: [
          {
            name: 'id',
            in: 'path',
            required: true,
            schema: { type: 'string', format: 'uuid' },
          },
        ],
        responses: {
          200: answer('The event', eventViewSchema),
          ...refusals,
          404: refusal('The log does not have it'),
        },
      },
    },
    '/topics': {
      get: {
        operationId: 'listTopics',
        summary:
          'Topics of the log, of ingresses and of subscriptions. Needs events.subscription.read, and events.endpoint.read for the subscriptions of endpoints.',
        responses: { 200: answer('All topics', topicsViewSchema), ...refusals },
      },
    },
    '/subscriptions': {
      get: {
        operationId: 'listSubscriptions',
        summary:
          'Who reads what, and how far behind. Needs events.subscription.read, and events.endpoint.read for those of endpoints.',
        responses: {
          200: answer('All subscriptions', subscriptionsViewSchema),
          ...refusals,
        },
      },
    },
    '/deliveries': {
      get: {
        operationId: 'listDeliveries',
        summary:
          'What is owed, and what is dead. Needs events.delivery.read, and events.endpoint.read for what is owed to endpoints.',
        parameters: toQueryParameters(deliveriesQuerySchema),
        responses: { 200: answer('A page', deliveriesPageSchema), ...refusals },
      },
    },
    '/replays': {
      post: {
        operationId: 'createReplay',
        summary:
          'Owes events to handlers again, or counts what that would come to. Endpoints have replays of their own. Needs events.replay.create.',
        requestBody: body(replayRequestSchema),
        responses: {
          200: answer('The counts', replayResultSchema),
          ...refusals,
          ...tooLarge,
          400: refusal(
            'The request is not valid, more than 10,000 events match, or the subscription is that of an endpoint',
          ),
          404: refusal('No such event or subscription'),
        },
      },
    },
    ...endpointPaths,
    ...jwksPaths,
  },
};
