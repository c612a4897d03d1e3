import {
  deliveriesPageSchema,
  deliveriesQuerySchema,
  eventsPageSchema,
  eventsQuerySchema,
  eventViewSchema,
  replayRequestSchema,
  replayResultSchema,
  subscriptionsViewSchema,
  topicsViewSchema,
} from '@callboard/backstage-plugin-events-common';
import { z } from 'zod';

/** The schemas that routes parse their input with describe it here too, so the two cannot drift apart. */
function toSchema(schema: z.ZodType, io: 'input' | 'output' = 'output') {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

function toQueryParameters(schema: z.ZodType) {
  const { properties = {} } = toSchema(schema, 'input');
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: 'query',
    required: false,
    schema: property,
  }));
}

function answer(description: string, schema: z.ZodType) {
  return {
    description,
    content: { 'application/json': { schema: toSchema(schema) } },
  };
}

const errorSchema = z.looseObject({
  error: z.looseObject({ name: z.string(), message: z.string() }),
});

const refusals = {
  400: answer('The request is not valid', errorSchema),
  401: answer('No credentials', errorSchema),
  403: answer('The permission is missing', errorSchema),
};

/**
 * Describes the routes behind `/v1` in OpenAPI 3.1, whose schemas are JSON Schema.
 *
 * @see https://spec.openapis.org/oas/v3.1.0
 */
export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'Callboard events API',
    version: '1.0.0',
    description:
      'Looks into the durable events system: events, topics, subscriptions, deliveries, replays.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/api/events/v1' }],
  components: {
    securitySchemes: { backstage: { type: 'http', scheme: 'bearer' } },
  },
  security: [{ backstage: [] }],
  paths: {
    '/events': {
      get: {
        operationId: 'listEvents',
        summary: 'Events, the newest first. Needs events.event.read.',
        parameters: toQueryParameters(eventsQuerySchema),
        responses: { 200: answer('A page', eventsPageSchema), ...refusals },
      },
    },
    '/events/{id}': {
      get: {
        operationId: 'getEvent',
        summary:
          'One event: who got it, who did not and why, what happens next. Needs events.event.read.',
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
          404: answer('The log does not have it', errorSchema),
        },
      },
    },
    '/topics': {
      get: {
        operationId: 'listTopics',
        summary:
          'Topics of the log, of ingresses and of subscriptions. Needs events.subscription.read.',
        responses: { 200: answer('All topics', topicsViewSchema), ...refusals },
      },
    },
    '/subscriptions': {
      get: {
        operationId: 'listSubscriptions',
        summary:
          'Who reads what, and how far behind. Needs events.subscription.read.',
        responses: {
          200: answer('All subscriptions', subscriptionsViewSchema),
          ...refusals,
        },
      },
    },
    '/deliveries': {
      get: {
        operationId: 'listDeliveries',
        summary: 'What is owed, and what is dead. Needs events.delivery.read.',
        parameters: toQueryParameters(deliveriesQuerySchema),
        responses: { 200: answer('A page', deliveriesPageSchema), ...refusals },
      },
    },
    '/replays': {
      post: {
        operationId: 'createReplay',
        summary:
          'Owes events again, or counts what that would come to. Needs events.replay.create.',
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: toSchema(replayRequestSchema, 'input'),
            },
          },
        },
        responses: {
          200: answer('The counts', replayResultSchema),
          ...refusals,
          404: answer('No such event or subscription', errorSchema),
        },
      },
    },
  },
};
