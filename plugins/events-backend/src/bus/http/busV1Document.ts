import { EVENTS_NOTIFY_TIMEOUT_HEADER } from '@backstage/plugin-events-node';
import {
  answer,
  body,
  describeApi,
  refusal,
  toSchema,
} from '../../model/openApi';
import {
  eventsAnswerSchema,
  publishBodySchema,
  subscriptionBodySchema,
  subscriptionPathSchema,
} from './busV1Schemas';

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
  schema: toSchema(subscriptionPathSchema.shape.id),
};

/**
 * Describes the routes behind `/bus/v1` in OpenAPI 3.1.
 *
 * @see https://spec.openapis.org/oas/v3.1.0
 */
export const busV1Document = {
  ...describeApi('/api/events/bus/v1', {
    title: 'Callboard events bus, version 1',
    version: '1.0.0',
    description:
      'The protocol of the stock events service of Backstage, for processes that keep it. For service credentials only.',
  }),
  paths: {
    '/events': {
      post: {
        operationId: 'postEvent',
        summary: 'Publishes an event.',
        requestBody: body(publishBodySchema),
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
        requestBody: body(subscriptionBodySchema),
        responses: { 201: { description: 'The row is there' }, ...refusals },
      },
    },
    '/subscriptions/{id}/events': {
      get: {
        operationId: 'getSubscriptionEvents',
        summary: 'The next events of a subscription, handed over for good.',
        parameters: [subscriptionParameter],
        responses: {
          200: answer('At least one event', eventsAnswerSchema),
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
