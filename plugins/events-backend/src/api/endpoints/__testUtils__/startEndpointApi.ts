import { once } from 'node:events';
import { createServer } from 'node:http';
import { MiddlewareFactory } from '@backstage/backend-defaults/rootHttpRouter';
import type {
  AuditorService,
  AuditorServiceCreateEventOptions,
} from '@backstage/backend-plugin-api';
import { mockCredentials, mockServices } from '@backstage/backend-test-utils';
import {
  AuthorizeResult,
  type PolicyDecision,
} from '@backstage/plugin-permission-common';
import { createPermissionIntegrationRouter } from '@backstage/plugin-permission-node';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import express from 'express';
import { createPools } from '../../../__testUtils__/pools';
import type { Store } from '../../../database';
import {
  createEndpointPool,
  owner,
} from '../../../endpoints/__testUtils__/endpointPools';
import { InProcessNotifier } from '../../../notifiers';
import { createApiRouter } from '../../createApiRouter';
import { openApiDocument } from '../../openApiDocument';
import { createJwksRouter } from '../createJwksRouter';
import { registerEndpointPermissions } from '../registerEndpointPermissions';
import { FakeDoor } from './FakeDoor';

const ajv = addFormats(new Ajv2020({ strict: false }));

/** A request that makes an endpoint. */
export const newEndpoint = {
  url: 'https://receiver.example.com/hook',
  topics: ['t'],
  owner,
};

/** Who asks, unless a test says otherwise. */
export const caller = mockCredentials.user('user:default/caller');

/** What came back. */
export interface Answer {
  status: number;
  headers: Headers;
  // Tests look into it as they like.
  body: ReturnType<typeof JSON.parse>;
}

/**
 * The routes of endpoints over HTTP, on real pools: what is behind the door is made by hand. Each answer is checked against
 * the OpenAPI document.
 */
export async function startEndpointApi(
  store: Store,
  encryptionKeys?: readonly string[],
) {
  const pools = createPools(store);
  const { pool } = createEndpointPool(store, encryptionKeys);
  const door = new FakeDoor(pools.subscriptions);
  const decisions = new Map<string, PolicyDecision>();
  const decide = (name: string): PolicyDecision =>
    decisions.get(name) ?? { result: AuthorizeResult.ALLOW };
  const audited: AuditorServiceCreateEventOptions[] = [];
  const outcomes: string[] = [];
  const auditor: AuditorService = {
    createEvent: async event => {
      audited.push(event);
      return {
        success: async () => {
          outcomes.push(`${event.eventId} done`);
        },
        fail: async ({ error }) => {
          outcomes.push(`${event.eventId} ${error.name}`);
        },
      };
    },
  };
  const registry = createPermissionIntegrationRouter();
  registerEndpointPermissions(
    {
      addResourceType: ({ resourceRef, ...resource }) =>
        registry.addResourceType({
          ...resource,
          resourceType: resourceRef.resourceType,
        }),
    },
    pool,
  );
  const notified: string[] = [];
  const notifier = new InProcessNotifier();
  notifier.listen({
    wants: topics => {
      notified.push(...topics);
      return false;
    },
    wake: () => {},
  });

  const app = express();
  app.use(registry);
  app.use('/webhooks/jwks', createJwksRouter({ endpoints: pool, door }));
  app.use(
    '/v1',
    createApiRouter({
      ...pools,
      endpoints: pool,
      door,
      notifier,
      follow: {
        stream: async () => {},
        poll: async () => ({ lost: 'everything' }),
      },
      listIngressTopics: () => [],
      httpAuth: mockServices.httpAuth(),
      permissions: {
        authorize: async requests =>
          requests.map(({ permission }) => {
            const { result } = decide(permission.name);
            return {
              result:
                result === AuthorizeResult.ALLOW
                  ? AuthorizeResult.ALLOW
                  : AuthorizeResult.DENY,
            };
          }),
        authorizeConditional: async requests =>
          requests.map(({ permission }) => decide(permission.name)),
      },
      permissionsRegistry: registry,
      auditor,
    }),
  );
  app.use(
    MiddlewareFactory.create({
      config: mockServices.rootConfig(),
      logger: mockServices.logger.mock(),
    }).error({ showStackTraces: false }),
  );
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('The server does not listen on a port');
  }
  const url = `http://127.0.0.1:${address.port}`;

  async function send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${url}/v1${path}`, {
      method,
      headers: {
        authorization: mockCredentials.user.header(
          caller.principal.userEntityRef,
        ),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    expectDescribed(method, path, answer);
    return answer;
  }

  return {
    ...pools,
    endpoints: pool,
    door,
    /** What each permission comes to; allowed unless it is here. */
    decisions,
    auditor,
    audited,
    /** What became of that. */
    outcomes,
    /** Topics whose readers were woken. */
    notified,
    url,
    get: (path: string, headers?: Record<string, string>) =>
      send('GET', path, undefined, headers),
    post: (path: string, body?: unknown, headers?: Record<string, string>) =>
      send('POST', path, body, headers),
    patch: (path: string, body?: unknown, headers?: Record<string, string>) =>
      send('PATCH', path, body, headers),
    delete: (path: string, headers?: Record<string, string>) =>
      send('DELETE', path, undefined, headers),
    /** Makes an endpoint with this id. */
    create: (id: string, request: object = {}) =>
      send('POST', '/endpoints', { ...newEndpoint, id, ...request }),
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export type EndpointApiUnderTest = Awaited<ReturnType<typeof startEndpointApi>>;

/** Denies a permission, or all of them. */
export const denied: PolicyDecision = { result: AuthorizeResult.DENY };

/** Checks an answer against the OpenAPI document; fails for a route or a status that it does not describe. */
function expectDescribed(
  method: string,
  path: string,
  { status, body }: Answer,
): void {
  const [pathname] = path.split('?');
  const found = Object.entries(openApiDocument.paths)
    .filter(([template]) =>
      new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
    )
    // The one with the most words of its own, as the router does.
    .sort(([one], [other]) => one.split('{').length - other.split('{').length)
    .map(([, operations]) => Object.entries<object>(operations))
    .flatMap(operations =>
      operations.filter(([name]) => name === method.toLowerCase()),
    );
  const operation: {
    responses: Record<
      number,
      { content?: { 'application/json': { schema: object } } }
    >;
  } = Object(found[0]?.[1]);
  const described = operation.responses?.[status];
  expect({
    method,
    path,
    status,
    body,
    isDescribed: described !== undefined,
  }).toEqual({ method, path, status, body, isDescribed: true });
  const schema = described.content?.['application/json'].schema;
  if (schema === undefined) {
    expect(body).toBeUndefined();
    return;
  }
  const validate = ajv.compile(schema);
  validate(body);
  expect(validate.errors).toBeNull();
}
