import type { AddressInfo } from 'node:net';
import { mockCredentials, mockServices } from '@backstage/backend-test-utils';
import { AuthorizeResult } from '@backstage/plugin-permission-common';
import { MiddlewareFactory } from '@backstage/backend-defaults/rootHttpRouter';
import express from 'express';
import type { Snapshot } from '../capture';
import { createSnapshotRouter } from './createSnapshotRouter';

const stops: (() => void)[] = [];

afterEach(() => stops.splice(0).forEach(stop => stop()));

async function serve(options: {
  snapshot: () => Promise<Snapshot>;
  result?: AuthorizeResult.ALLOW | AuthorizeResult.DENY;
}) {
  const { snapshot, result = AuthorizeResult.ALLOW } = options;
  const app = express();
  app.use(
    createSnapshotRouter({
      snapshot,
      httpAuth: mockServices.httpAuth(),
      permissions: mockServices.permissions.mock({
        authorize: async () => [{ result }],
      }),
      auditor: mockServices.auditor.mock({
        createEvent: async () => ({
          success: async () => {},
          fail: async () => {},
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
  return () =>
    fetch(`http://127.0.0.1:${port}/events/snapshots`, {
      method: 'POST',
      headers: { Authorization: mockCredentials.user.header() },
    });
}

const taken = { entities: 2, locations: 1 };

describe('asking for a snapshot', () => {
  it('needs the permission', async () => {
    const snapshot = jest.fn(async () => taken);
    const ask = await serve({ snapshot, result: AuthorizeResult.DENY });
    expect((await ask()).status).toBe(403);
    expect(snapshot).not.toHaveBeenCalled();
  });

  it('is refused while one is taken, and not afterwards, however that ended', async () => {
    let begin = () => {};
    const begun = new Promise<void>(resolve => {
      begin = resolve;
    });
    let end = (_: Snapshot) => {};
    const snapshot = jest
      .fn<Promise<Snapshot>, []>()
      .mockImplementationOnce(() => {
        begin();
        return new Promise(resolve => {
          end = resolve;
        });
      })
      .mockRejectedValueOnce(new Error('locked'))
      .mockResolvedValueOnce(taken);
    const ask = await serve({ snapshot });
    const first = ask();
    await begun;
    expect((await ask()).status).toBe(409);
    end(taken);
    const answer = await first;
    expect(answer.status).toBe(201);
    await expect(answer.json()).resolves.toEqual(taken);
    expect((await ask()).status).toBe(500);
    expect((await ask()).status).toBe(201);
  });
});
