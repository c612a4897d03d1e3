import {
  claimAnswerSchema,
  claimRequestSchema,
  publishAnswerSchema,
  publishRequestSchema,
  settlementRequestSchema,
  subscriptionRequestSchema,
  ticketAnswerSchema,
} from '@callboard/backstage-plugin-events-node/bus';
import { answer, body, describeApi, refusal } from '../../model/openApi';

const refusals = {
  400: refusal('The request is not valid'),
  401: refusal('No credentials'),
  403: refusal("A user, or another plugin's subscription"),
  503: refusal('The store is away, or the process stops; try again'),
};

const inPath = (name: string, schema: object) => ({
  name,
  in: 'path',
  required: true,
  schema,
});
const subscription = inPath('id', { type: 'string', maxLength: 512 });
const ticket = inPath('ticket', { type: 'string', format: 'uuid' });

/**
 * Describes the routes behind `/bus/v2` in OpenAPI 3.1.
 *
 * @see https://spec.openapis.org/oas/v3.1.0
 */
export const busV2Document = {
  ...describeApi('/api/events/bus/v2', {
    title: 'Callboard bus',
    version: '2.0.0',
    description:
      'Publishing and reading for processes without the events plugin. Service credentials only.',
  }),
  paths: {
    '/events': {
      post: {
        operationId: 'publishEvents',
        summary: 'Stores events. Answered when they are durable.',
        requestBody: body(publishRequestSchema),
        responses: {
          200: answer('What became of each group', publishAnswerSchema),
          ...refusals,
        },
      },
    },
    '/subscriptions/{id}': {
      put: {
        operationId: 'registerSubscription',
        summary:
          'Makes a subscription stand, or says that its topics are wanted still; at least every half hour.',
        parameters: [subscription],
        requestBody: body(subscriptionRequestSchema),
        responses: { 204: { description: 'It stands' }, ...refusals },
      },
      delete: {
        operationId: 'removeSubscription',
        summary: 'Removes a subscription with everything that is owed to it.',
        parameters: [subscription],
        responses: { 204: { description: 'It is gone' }, ...refusals },
      },
    },
    '/subscriptions/{id}/claims': {
      post: {
        operationId: 'claimEvents',
        summary: 'Claims the next events, and waits for some to come.',
        parameters: [subscription],
        requestBody: body(claimRequestSchema),
        responses: {
          200: answer('A batch', claimAnswerSchema),
          204: { description: 'Nothing came in time' },
          ...refusals,
          404: refusal('No such subscription: register it'),
        },
      },
    },
    '/subscriptions/{id}/claims/{ticket}/settlement': {
      post: {
        operationId: 'settleClaim',
        summary: 'Says what became of each event of a batch.',
        parameters: [subscription, ticket],
        requestBody: body(settlementRequestSchema),
        responses: {
          200: answer('Whether it was recorded', ticketAnswerSchema),
          ...refusals,
        },
      },
    },
    '/subscriptions/{id}/claims/{ticket}/renewal': {
      post: {
        operationId: 'renewClaim',
        summary: 'Says that the reader is alive: extends the lease.',
        parameters: [subscription, ticket],
        responses: {
          200: answer('Whether the ticket is still good', ticketAnswerSchema),
          ...refusals,
        },
      },
    },
  },
};
