import {
  dryRunResultSchema,
  endpointAttemptSchema,
  endpointAttemptsPageSchema,
  endpointAttemptsQuerySchema,
  endpointChangeSchema,
  endpointDryRunSchema,
  endpointEventSchema,
  endpointHealthSchema,
  endpointIdSchema,
  endpointReplayRequestSchema,
  endpointReplaySchema,
  endpointReplaysSchema,
  endpointsPageSchema,
  endpointsQuerySchema,
  endpointViewSchema,
  endpointWithKeysSchema,
  keyRotationSchema,
  newEndpointSchema,
  redeliveryRequestSchema,
  redeliveryResultSchema,
  replayCountSchema,
  rotatedKeySchema,
  settingsDryRunSchema,
  stateChangeSchema,
} from '@callboard/backstage-plugin-events-common';
import { answer, body, refusal, toSchema } from '../../model/openApi';
import { z } from 'zod';
import { refusals, tooLarge, toQueryParameters } from '../openApiParts';

const id = {
  name: 'id',
  in: 'path',
  required: true,
  schema: toSchema(endpointIdSchema),
};
const uuid = (name: string) => ({
  name,
  in: 'path',
  required: true,
  schema: { type: 'string', format: 'uuid' },
});
const ifMatch = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description:
    'The `ETag` of the endpoint as it was read, a weak one too: it is changed only if it is the same still.',
  schema: { type: 'string' },
};

/** The answer shows the endpoint as it is, and which revision that is. */
const headers = {
  ETag: {
    description: 'The revision, for `If-Match`',
    schema: { type: 'string' },
  },
};

const missing = {
  404: refusal('There is no such endpoint, or none that the caller may see'),
};
const stale = {
  412: refusal('It is not what `If-Match` says: read it again'),
};
const changed = {
  409: refusal('It was changed during the request: read it again'),
  ...stale,
};
const declared = {
  409: refusal(
    'It was changed during the request: read it again. Or it is declared in the configuration, and changed there',
  ),
  ...stale,
};
const unopened = {
  ...stale,
  409: refusal(
    'It was changed during the request: read it again. Or it is declared in the configuration, and changed there. Or its secrets cannot be opened: give all of them anew',
  ),
};
const unsealed = {
  501: refusal(
    'There is no key to encrypt secrets with: set events.webhooks.encryptionKeys',
  ),
};

const keySetSchema = z.object({
  keys: z.array(
    z.looseObject({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: z.string().describe('The public key, base64url.'),
      kid: z.string(),
    }),
  ),
});

/** A route that brings an endpoint into another state. */
const transition = (operationId: string, summary: string) => ({
  post: {
    operationId,
    summary: `${summary} Needs events.endpoint.update.`,
    parameters: [id, ifMatch],
    requestBody: { ...body(stateChangeSchema), required: false },
    responses: {
      200: { ...answer('The endpoint', endpointViewSchema), headers },
      ...refusals,
      ...missing,
      ...changed,
      ...tooLarge,
    },
  },
});

/** The routes behind `/v1/endpoints` in OpenAPI. */
export const endpointPaths = {
  '/endpoints': {
    post: {
      operationId: 'createEndpoint',
      summary:
        'Makes an endpoint of outbound webhooks. Needs events.endpoint.create; where events.endpoint.update is given under conditions, the endpoint must satisfy them.',
      requestBody: body(newEndpointSchema),
      responses: {
        201: {
          ...answer(
            'The endpoint, and the keys that were made, which are shown this once',
            endpointWithKeysSchema,
          ),
          headers,
        },
        ...refusals,
        409: refusal('There is an endpoint with this id'),
        ...tooLarge,
        ...unsealed,
      },
    },
    get: {
      operationId: 'listEndpoints',
      summary:
        'Endpoints by their ids, those that the caller may see. Needs events.endpoint.read.',
      parameters: toQueryParameters(endpointsQuerySchema),
      responses: { 200: answer('A page', endpointsPageSchema), ...refusals },
    },
  },
  '/endpoints/dry-run': {
    post: {
      operationId: 'dryRunSettings',
      summary:
        'Says which of the newest events settings that are not saved would choose, and why not the others. Sends nothing. Needs events.event.read, and events.endpoint.create or events.endpoint.update.',
      requestBody: body(settingsDryRunSchema),
      responses: {
        200: answer('What would happen', dryRunResultSchema),
        ...refusals,
        ...tooLarge,
      },
    },
  },
  '/endpoints/{id}': {
    get: {
      operationId: 'getEndpoint',
      summary: 'One endpoint, without its secrets. Needs events.endpoint.read.',
      parameters: [id],
      responses: {
        200: { ...answer('The endpoint', endpointViewSchema), headers },
        ...refusals,
        ...missing,
      },
    },
    patch: {
      operationId: 'updateEndpoint',
      summary:
        'Changes the fields that are given. Needs events.endpoint.update for what the endpoint is, and for what it becomes.',
      parameters: [id, ifMatch],
      requestBody: body(endpointChangeSchema),
      responses: {
        200: {
          ...answer(
            'The endpoint, and the keys that were made, which are shown this once',
            endpointWithKeysSchema,
          ),
          headers,
        },
        ...refusals,
        ...missing,
        ...unopened,
        ...tooLarge,
        ...unsealed,
      },
    },
    delete: {
      operationId: 'deleteEndpoint',
      summary:
        'Removes an endpoint, with everything that is owed to it; also one that cannot be read, by those who may remove any. Needs events.endpoint.delete.',
      parameters: [id, ifMatch],
      responses: {
        204: { description: 'It is gone' },
        ...refusals,
        ...missing,
        ...declared,
      },
    },
  },
  '/endpoints/{id}/pause': transition(
    'pauseEndpoint',
    'Sends an endpoint nothing until it is resumed; its events wait.',
  ),
  '/endpoints/{id}/resume': transition(
    'resumeEndpoint',
    'Goes on where a paused or disabled endpoint stopped.',
  ),
  '/endpoints/{id}/disable': transition(
    'disableEndpoint',
    'Pauses an endpoint and tells its owner.',
  ),
  '/endpoints/{id}/secrets/rotate': {
    post: {
      operationId: 'rotateEndpointKey',
      summary:
        'Gives an endpoint a new signing key; the former one ends after a while. Needs events.endpoint.update.',
      parameters: [id, ifMatch],
      requestBody: { ...body(keyRotationSchema), required: false },
      responses: {
        200: {
          ...answer(
            'The endpoint, and the new key, which is shown this once',
            rotatedKeySchema,
          ),
          headers,
        },
        ...refusals,
        ...missing,
        ...unopened,
        ...tooLarge,
      },
    },
  },
  '/endpoints/{id}/test': {
    post: {
      operationId: 'testEndpoint',
      summary:
        'Sends an event of the topic events.endpoint.test now. Needs events.endpoint.update.',
      parameters: [id],
      responses: {
        200: answer('What became of it', endpointAttemptSchema),
        ...refusals,
        ...missing,
        409: refusal(
          'A test of it is under way, it was changed during the request, or its secrets cannot be opened',
        ),
      },
    },
  },
  '/endpoints/{id}/dry-run': {
    post: {
      operationId: 'dryRunEndpoint',
      summary:
        'Says which of the newest events an endpoint chooses, and why not the others. Sends nothing. Needs events.event.read and events.endpoint.read.',
      parameters: [id],
      requestBody: { ...body(endpointDryRunSchema), required: false },
      responses: {
        200: answer('What would happen', dryRunResultSchema),
        ...refusals,
        ...missing,
        ...tooLarge,
      },
    },
  },
  '/endpoints/{id}/attempts': {
    get: {
      operationId: 'listEndpointAttempts',
      summary:
        'Attempts to send something, the newest first. Needs events.event.read and events.endpoint.read.',
      parameters: [id, ...toQueryParameters(endpointAttemptsQuerySchema)],
      responses: {
        200: answer('A page', endpointAttemptsPageSchema),
        ...refusals,
        ...missing,
      },
    },
  },
  '/endpoints/{id}/attempts/{attemptId}': {
    get: {
      operationId: 'getEndpointAttempt',
      summary:
        'One attempt, with request and answer. Needs events.event.read and events.endpoint.read.',
      parameters: [id, uuid('attemptId')],
      responses: {
        200: answer('The attempt', endpointAttemptSchema),
        ...refusals,
        404: refusal('There is no such endpoint, or it has no such attempt'),
      },
    },
  },
  '/endpoints/{id}/redeliver': {
    post: {
      operationId: 'redeliverEvent',
      summary:
        'Owes one event again, whatever the endpoint chooses; of one that is declared in the configuration, only what it chooses there. Needs events.endpoint.update.',
      parameters: [id],
      requestBody: body(redeliveryRequestSchema),
      responses: {
        202: answer('What happens next', redeliveryResultSchema),
        ...refusals,
        404: refusal('There is no such endpoint, or the log has no such event'),
        409: refusal(
          'It is declared in the configuration, and does not choose the event',
        ),
        ...tooLarge,
        503: refusal(
          'The events database is away or busy; Retry-After says when to try again. Or the catalog is, and it is not known whether an endpoint of the configuration chooses the event',
        ),
      },
    },
  },
  '/endpoints/{id}/replays': {
    post: {
      operationId: 'createEndpointReplay',
      summary:
        'Sends the events again that match a query and that the endpoint wants, in the background; or counts them. Needs events.endpoint.update.',
      parameters: [id],
      requestBody: body(endpointReplayRequestSchema),
      responses: {
        200: answer('The count, of a dry run', replayCountSchema),
        202: answer('The replay, which runs', endpointReplaySchema),
        ...refusals,
        ...missing,
        ...tooLarge,
      },
    },
    get: {
      operationId: 'listEndpointReplays',
      summary:
        'The newest 100 replays of an endpoint, newest first. Needs events.endpoint.read.',
      parameters: [id],
      responses: {
        200: answer('The replays', endpointReplaysSchema),
        ...refusals,
        ...missing,
      },
    },
  },
  '/endpoints/{id}/replays/{replayId}': {
    get: {
      operationId: 'getEndpointReplay',
      summary:
        'One replay, and how far it has come. Needs events.endpoint.read.',
      parameters: [id, uuid('replayId')],
      responses: {
        200: answer('The replay', endpointReplaySchema),
        ...refusals,
        404: refusal('There is no such endpoint, or it has no such replay'),
      },
    },
    delete: {
      operationId: 'cancelEndpointReplay',
      summary:
        'Cancels a replay; what it has owed stays owed. Needs events.endpoint.update.',
      parameters: [id, uuid('replayId')],
      responses: {
        200: answer('The replay', endpointReplaySchema),
        ...refusals,
        404: refusal('There is no such endpoint, or it has no such replay'),
        409: refusal('It has ended already'),
      },
    },
  },
  '/endpoints/{id}/health': {
    get: {
      operationId: 'getEndpointHealth',
      summary:
        'How an endpoint fares: its breaker, its attempts of a day, what waits. Needs events.endpoint.read.',
      parameters: [id],
      responses: {
        200: answer('Its health', endpointHealthSchema),
        ...refusals,
        ...missing,
      },
    },
  },
  '/endpoints/{id}/events/{eventId}': {
    get: {
      operationId: 'explainEndpointEvent',
      summary:
        'Why an event was sent to an endpoint, or was not, and what happens next. Needs events.event.read and events.endpoint.read.',
      parameters: [id, uuid('eventId')],
      responses: {
        200: answer('Where it is', endpointEventSchema),
        ...refusals,
        404: refusal('There is no such endpoint, or the log has no such event'),
      },
    },
  },
};

/** The route of receivers, which stands beside `/v1` and asks for no credentials. */
export const jwksPaths = {
  '/webhooks/jwks/{id}.json': {
    get: {
      operationId: 'getEndpointKeys',
      summary:
        'The public keys of an endpoint that signs with v1a, those that end soon included. For everybody.',
      servers: [{ url: '/api/events' }],
      security: [],
      parameters: [id],
      responses: {
        200: {
          description: 'A JSON Web Key Set (RFC 7517); may be kept for minutes',
          content: {
            'application/jwk-set+json': { schema: toSchema(keySetSchema) },
          },
        },
        400: refusals[400],
        404: refusal('There is no endpoint of this id with public keys'),
        503: refusals[503],
      },
    },
  },
};
