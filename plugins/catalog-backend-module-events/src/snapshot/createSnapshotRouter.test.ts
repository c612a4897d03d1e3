import type { AddressInfo } from 'node:net';
import { ServiceUnavailableError } from '@backstage/errors';
import { mockCredentials, mockServices } from '@backstage/backend-test-utils';
import { AuthorizeResult } from '@backstage/plugin-permission-common';
import { MiddlewareFactory } from '@backstage/backend-defaults/rootHttpRouter';
import express from 'express';
import { createSnapshotRouter } from './createSnapshotRouter';

const stops: (() => void)[] = [];

afterEach(() => stops.splice(0).forEach(stop => stop()));

async function serve(options: {
  requestSnapshot: () => Promise<boolean>;
  result?: AuthorizeResult.ALLOW | AuthorizeResult.DENY;
}) {
  const { requestSnapshot, result = AuthorizeResult.ALLOW } = options;
  const audited: string[] = [];
  const app = express();
  app.use(
    createSnapshotRouter({
      requestSnapshot,
      httpAuth: mockServices.httpAuth(),
      permissions: mockServices.permissions.mock({
        authorize: async () => [{ result }],
      }),
      auditor: mockServices.auditor.mock({
        createEvent: async ({ eventId }) => ({
          success: async () => {
            audited.push(`${eventId}: success`);
          },
          fail: async ({ error }) => {
            audited.push(`${eventId}: ${error}`);
          },
        }),
      }),
    }),
  );
  app.use(
    MiddlewareFactory.create({
      config: mockServices.rootConfig(),
      logger: mockServices.logger.mock(),
    }).error(),
  );
  const server = app.listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  stops.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const ask = () =>
    fetch(`http://127.0.0.1:${port}/events/snapshots`, {
      method: 'POST',
      headers: { Authorization: mockCredentials.user.header() },
    });
  return { ask, audited };
}

describe('asking for a snapshot', () => {
  it('needs the permission', async () => {
    const requestSnapshot = jest.fn(async () => true);
    const { ask } = await serve({
      requestSnapshot,
      result: AuthorizeResult.DENY,
    });
    expect((await ask()).status).toBe(403);
    expect(requestSnapshot).not.toHaveBeenCalled();
  });

  it('begins one, unless one goes on, and is audited', async () => {
    const requestSnapshot = jest
      .fn<Promise<boolean>, []>()
      .mockResolvedValueOnce(true)
      .mockResolvedValueOnce(false)
      .mockRejectedValueOnce(new ServiceUnavailableError('Not yet'));
    const { ask, audited } = await serve({ requestSnapshot });
    expect((await ask()).status).toBe(202);
    expect((await ask()).status).toBe(409);
    expect((await ask()).status).toBe(503);
    expect(audited).toEqual([
      'events-snapshot: success',
      'events-snapshot: ConflictError: A snapshot is being taken already',
      'events-snapshot: ServiceUnavailableError: Not yet',
    ]);
  });
});
