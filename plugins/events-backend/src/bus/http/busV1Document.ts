import { EVENTS_NOTIFY_TIMEOUT_HEADER } from '@backstage/plugin-events-node';
import { z } from 'zod';
import {
  eventsAnswerSchema,
  publishBodySchema,
  subscriptionBodySchema,
  subscriptionPathSchema,
} from './busV1Schemas';

/** The schemas that routes parse their input with describe it here too, so the two cannot drift apart. */
function content(schema: z.ZodType, io: 'input' | 'output') {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return { content: { 'application/json': { schema: rest } } };
}

function refusal(description: string) {
  return {
    description,
    ...content(
      z.looseObject({
        error: z.looseObject({ name: z.string(), message: z.string() }),
      }),
      'output',
    ),
  };
}

const refusals = {
  400: refusal('The request is not valid'),
  401: refusal('No credentials'),
  403: refusal(
    "A user, a token that is restricted to permissions, or another plugin's subscription",
  ),
  503: refusal('The store is away, or the process stops; try again'),
};

const subscriptionParameter = {
  name: 'id',
  in: 'path',
  required: true,
  ...(({ $schema: _, ...schema }) => ({ schema }))(
    z.toJSONSchema(subscriptionPathSchema.shape.id),
  ),
};

/**
 * Describes the routes behind `/bus/v1` in OpenAPI 3.1.
 *
 * @see https://spec.openapis.org/oas/v3.1.0
 */
export const busV1Document = {
  openapi: '3.1.0',
  info: {
    title: 'Callboard events bus, version 1',
    version: '1.0.0',
    description:
      'The protocol of the stock events service of Backstage, for processes that keep it. For service credentials only.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/api/events/bus/v1' }],
  components: {
    securitySchemes: { backstage: { type: 'http', scheme: 'bearer' } },
  },
  security: [{ backstage: [] }],
  paths: {
    '/events': {
      post: {
        operationId: 'postEvent',
        summary: 'Publishes an event.',
        requestBody: {
          required: true,
          ...content(publishBodySchema, 'input'),
        },
        responses: {
          201: { description: 'Stored' },
          204: {
            description:
              'Stored, though no subscription wants it that was not notified',
          },
          ...refusals,
          413: refusal('Larger than events.publish.maxPayloadBytes'),
        },
      },
    },
    '/subscriptions/{id}': {
      put: {
        operationId: 'putSubscription',
        summary: 'Makes a subscription stand, and says what it wants.',
        parameters: [subscriptionParameter],
        requestBody: {
          required: true,
          ...content(subscriptionBodySchema, 'input'),
        },
        responses: { 201: { description: 'The row is there' }, ...refusals },
      },
    },
    '/subscriptions/{id}/events': {
      get: {
        operationId: 'getSubscriptionEvents',
        summary: 'The next events of a subscription, handed over for good.',
        parameters: [subscriptionParameter],
        responses: {
          200: {
            description: 'At least one event',
            ...content(eventsAnswerSchema, 'output'),
          },
          202: {
            description:
              'Nothing now. The answer ends when there may be something, or after the time in the header.',
            headers: {
              [EVENTS_NOTIFY_TIMEOUT_HEADER]: {
                description: 'In milliseconds',
                schema: { type: 'string', pattern: '^[0-9]+$' },
              },
            },
          },
          ...refusals,
          404: refusal('No such subscription; make it'),
        },
      },
    },
  },
};
