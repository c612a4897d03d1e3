import { inspect } from 'node:util';
import { GithubModel } from '@callboard/backstage-plugin-events-backend-test-utils';
import { z } from 'zod';
import {
  createService,
  describeApp,
  startAcme,
  stopAll,
  stopLater,
  TestClock,
} from './__testUtils__/startAcme';
import { startAnswering } from './__testUtils__/startAnswering';
import type { GithubClient } from './GithubClient';

afterEach(stopAll);

const schema = z.unknown();
const getSite = (client: GithubClient) =>
  client.get({ path: '/repos/acme/site', schema });
const getPublic = (client: GithubClient) =>
  client.get({ path: '/repos/other/public', schema });

async function readLogin(client: GithubClient) {
  const { data } = await client.query({
    query: '{ viewer { login } }',
    variables: {},
    schema: z.object({ viewer: z.object({ login: z.string() }) }),
  });
  return data.viewer.login;
}

describe('an owner', () => {
  it('is asked about as the app that is installed there', async () => {
    const { service, host, github } = await startAcme({
      token: 'personal-token',
    });
    const client = service.forOwner({ host, owner: 'acme' });

    expect(await readLogin(client)).toBe('callboard[bot]');
    await Promise.all([getSite(client), getSite(client)]);
    expect(
      github.requestCounts.byKind['POST /app/installations/:id/access_tokens'],
    ).toBe(1);
  });

  it('costs one token, however many ask at once', async () => {
    const { service, host, github } = await startAcme();
    await Promise.all(
      Array.from({ length: 8 }, () =>
        getSite(service.forOwner({ host, owner: 'acme' })),
      ),
    );

    expect(github.requestCounts.byKind).toMatchObject({
      'POST /app/installations/:id/access_tokens': 1,
      'GET /app/installations': 1,
      'GET /repos/:owner/:repo': 8,
    });
  });

  it('is asked about with the token of the host if no app is installed there', async () => {
    const { service, host } = await startAcme({ token: 'personal-token' });

    expect(await readLogin(service.forOwner({ host, owner: 'other' }))).toBe(
      'hubot',
    );
  });

  it('is asked about as an app for all that is public, on the budget of its first installation', async () => {
    const { service, host, github } = await startAcme({
      token: 'personal-token',
      publicAccess: true,
    });
    const client = service.forOwner({ host, owner: 'other' });

    expect(await readLogin(client)).toBe('callboard[bot]');
    github.faults.useUpRateLimit('core');
    await getPublic(client).catch(() => {});
    github.faults.clear();
    await expect(
      getSite(service.forOwner({ host, owner: 'acme' })),
    ).rejects.toMatchObject({ kind: 'limited' });
  });

  it('of which nobody knows anything is refused with a remedy', async () => {
    const { service, host } = await startAcme();

    await expect(
      getPublic(service.forOwner({ host, owner: 'other' })),
    ).rejects.toMatchObject({
      kind: 'refused',
      message: `There are no credentials of other on ${host}. See whether the name is spelled right; install an app of integrations.github[].apps[] there, or set integrations.github[].token`,
    });
  });

  it('is asked about as one app only, if that is wanted', async () => {
    const { service, host, app } = await startAcme({
      token: 'personal-token',
      publicAccess: true,
    });

    expect(
      await readLogin(service.forOwner({ host, owner: 'acme', appId: app.id })),
    ).toBe('callboard[bot]');
    await expect(
      getPublic(service.forOwner({ host, owner: 'other', appId: app.id })),
    ).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(`install the app ${app.id} there`),
    });
  });

  it('whose installation is suspended is refused', async () => {
    const { service, host, model, installation } = await startAcme();
    model.installations.suspend(installation.id);

    await expect(
      getSite(service.forOwner({ host, owner: 'acme' })),
    ).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/acme.*is suspended.*not suspended/),
    });
  });

  it('is asked about anew when the app was installed again, and its tokens are void', async () => {
    const { service, host, model, installation, app } = await startAcme();
    const client = service.forOwner({ host, owner: 'acme' });
    await getSite(client);
    model.installations.delete(installation.id);
    model.installations.create({ appId: app.id, account: 'acme' });

    expect(await readLogin(client)).toBe('callboard[bot]');
  });

  it('is not taken for a used up limit, which is that of whoever GitHub does not know', async () => {
    const odd = stopLater(
      await startAnswering((_, response) => {
        response
          .writeHead(401, {
            'content-type': 'application/json',
            'x-ratelimit-limit': '60',
            'x-ratelimit-remaining': '0',
            'x-ratelimit-reset': String(Math.floor(Date.now() / 1_000) + 3_600),
          })
          .end('{"message":"Bad credentials"}');
      }),
    );
    const { host } = odd;
    const client = createService({ ...odd, token: 'secret' }).forOwner({
      host,
      owner: 'acme',
    });
    for (let times = 0; times < 2; times++) {
      await expect(getSite(client)).rejects.toMatchObject({
        kind: 'refused',
        status: 401,
      });
    }
  });

  it('is refused when a new token is refused as well', async () => {
    let asked = 0;
    const odd = stopLater(
      await startAnswering((_, response) => {
        asked += 1;
        response
          .writeHead(401, { 'content-type': 'application/json' })
          .end('{"message":"Bad credentials"}');
      }),
    );
    const { host } = odd;
    const client = createService({ ...odd, token: 'secret' }).forOwner({
      host,
      owner: 'acme',
    });

    await expect(getSite(client)).rejects.toMatchObject({
      kind: 'refused',
      status: 401,
      message: expect.stringContaining('Bad credentials'),
    });
    expect(asked).toBe(1);
  });
});

describe('what sees less', () => {
  const token = 'personal-token';

  it.each([
    ['the token of the host', { token }],
    ['an app for what is public', { publicAccess: true }],
  ])(
    'is not used in the place of an app that was uninstalled: %s',
    async (_, weaker) => {
      const { service, host, model, installation } = await startAcme(weaker);
      const client = service.forOwner({ host, owner: 'Acme' });
      await getSite(client);
      model.installations.create({
        appId: installation.appId,
        account: 'hubot',
      });
      model.installations.delete(installation.id);

      await expect(readLogin(client)).rejects.toMatchObject({
        kind: 'refused',
        message: expect.stringMatching(
          /Acme on .* any more: .*Install the app there again, or restart/,
        ),
      });
    },
  );

  it.each(['listInstallations', 'findInstallation'] as const)(
    'is not used once GitHub has named the owner, by %s',
    async method => {
      const { service, host, model, installation, app } = await startAcme({
        token,
      });
      await service[method]({ host, appId: app.id, owner: 'acme' });
      model.installations.delete(installation.id);

      await expect(
        readLogin(service.forOwner({ host, owner: 'acme' })),
      ).rejects.toMatchObject({ kind: 'refused' });
    },
  );

  it.each([
    ['is for what is public', { isInstalled: false }],
    ['is installed, too', { isInstalled: true }],
  ])(
    'is not used in the place of an app that GitHub does not let ask: another app that %s',
    async (_, second) => {
      const { github, client } = await startTwoApps(second);
      github.faults.failRequests('bad gateway', {
        matches: ({ path }) => path.endsWith('/app/installations'),
      });
      // It is not known yet whether the app is installed there; it is tried again.
      expect(await readLogin(client)).toBe('callboard[bot]');

      const again = await startTwoApps(second);
      again.github.faults.failRequests('bad gateway', {
        times: Infinity,
        matches: ({ path }) =>
          path.includes(`/${again.installation.id}/access`),
      });
      await expect(readLogin(again.client)).rejects.toMatchObject({
        kind: 'unavailable',
      });
    },
  );

  it.each([
    ['is for what is public', { isInstalled: false }],
    ['is installed, too', { isInstalled: true }],
  ])(
    'is not used in the place of an app that is suspended: another app that %s',
    async (_, second) => {
      const { model, installation, client } = await startTwoApps(second);
      model.installations.suspend(installation.id);

      await expect(readLogin(client)).rejects.toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('is suspended'),
      });
    },
  );

  it('does not hide an app that works behind one with a wrong key', async () => {
    const { host, github, app, privateKey } = await startAcme();
    const other = github.model.addApp({ slug: 'other' });
    const service = createService({
      host,
      apiBaseUrl: github.model.state.urls.api,
      apps: [
        describeApp(other.app.id, 'this is no key'),
        describeApp(app.id, privateKey),
      ],
    });

    expect(await readLogin(service.forOwner({ host, owner: 'acme' }))).toBe(
      'callboard[bot]',
    );
  });

  it('is told from an app of the owner', async () => {
    const ask = (client: GithubClient) =>
      client.query({ query: '{ viewer { login } }', variables: {}, schema });
    const { service, host, app } = await startAcme({ token });

    expect(await ask(service.forOwner({ host, owner: 'acme' }))).toMatchObject({
      askedAs: 'app',
    });
    expect(
      await ask(service.forOwner({ host, owner: 'acme', appId: app.id })),
    ).toMatchObject({ askedAs: 'app' });
    expect(await ask(service.forOwner({ host, owner: 'other' }))).toMatchObject(
      { askedAs: 'token' },
    );
    const open = await startAcme({ publicAccess: true });
    expect(
      await ask(open.service.forOwner({ host: open.host, owner: 'other' })),
    ).toMatchObject({ askedAs: 'token' });
  });

  /** Two apps, of which the first is installed for `acme`; the second is, too, or may be used for what is public. */
  async function startTwoApps({ isInstalled }: { isInstalled: boolean }) {
    const acme = await startAcme();
    const { model, host, app, privateKey, github } = acme;
    const second = model.addApp({ slug: 'second' });
    model.installations.create({
      appId: second.app.id,
      account: isInstalled ? 'acme' : 'other',
    });
    const service = createService({
      host,
      apiBaseUrl: github.model.state.urls.api,
      token,
      apps: [
        describeApp(app.id, privateKey),
        {
          ...describeApp(second.app.id, second.privateKey),
          publicAccess: !isInstalled,
        },
      ],
    });
    return { ...acme, client: service.forOwner({ host, owner: 'acme' }) };
  }
});

describe('an app', () => {
  it('asks as itself, and lists where it is installed', async () => {
    const { service, host, app, model, installation } = await startAcme();
    const { id } = model.installations.create({
      appId: app.id,
      account: 'hubot',
    });
    model.installations.suspend(id);

    expect(service.listApps()).toEqual([{ host, appId: app.id }]);
    expect(
      await service
        .forApp({ host, appId: app.id })
        .get({ path: '/app', schema: z.object({ slug: z.string() }) }),
    ).toEqual({ data: { slug: 'callboard' }, next: undefined });
    expect(await service.listInstallations({ host, appId: app.id })).toEqual([
      {
        id: installation.id,
        owner: 'acme',
        ownerType: 'Organization',
        isSuspended: false,
      },
      { id, owner: 'hubot', ownerType: 'User', isSuspended: true },
    ]);
  });

  it('lists all of a hundred and more installations', async () => {
    const { service, host, app, model } = await startAcme();
    for (let index = 0; index < 120; index++) {
      model.addOrganization(`organization-${index}`);
      model.installations.create({
        appId: app.id,
        account: `organization-${index}`,
      });
    }

    const found = await service.listInstallations({ host, appId: app.id });
    expect(new Set(found.map(({ owner }) => owner)).size).toBe(121);
  });

  it('does not take a 404 without words for the word of GitHub, but for that of what stands in front of it', async () => {
    const { app, privateKey } = await startAcme();
    const { host, apiBaseUrl } = stopLater(
      await startAnswering((_, response) =>
        response.writeHead(404).end('<html></html>'),
      ),
    );
    const service = createService({
      host,
      apiBaseUrl,
      apps: [describeApp(app.id, privateKey)],
    });
    await expect(
      service.findInstallation({ host, appId: app.id, owner: 'acme' }),
    ).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('finds its installation on an account, by the word of GitHub', async () => {
    const { service, host, app, model, installation, github } =
      await startAcme();
    const appId = app.id;
    model.installations.create({ appId, account: 'hubot' });
    const find = (owner: string) =>
      service.findInstallation({ host, appId, owner });

    expect(await find('Acme')).toEqual({
      id: installation.id,
      owner: 'acme',
      ownerType: 'Organization',
      isSuspended: false,
    });
    expect(await find('hubot')).toMatchObject({ ownerType: 'User' });
    expect(await find('other')).toBeUndefined();
    expect(await find('nobody')).toBeUndefined();
    model.installations.suspend(installation.id);
    expect(await find('acme')).toMatchObject({ isSuspended: true });
    github.faults.failRequests('bad gateway', { times: 3 });
    await expect(find('acme')).rejects.toMatchObject({ kind: 'unavailable' });
    model.installations.delete(installation.id);
    expect(await find('acme')).toBeUndefined();
  });

  it('signs anew when time has passed', async () => {
    const clock = new TestClock();
    const model = new GithubModel({ now: clock.now });
    const { service, host, app } = await startAcme({ model });
    const client = service.forApp({ host, appId: app.id });
    await client.get({ path: '/app', schema });

    jest.useFakeTimers({
      doNotFake: [
        'nextTick',
        'setImmediate',
        'queueMicrotask',
        'setTimeout',
        'performance',
      ],
    });
    try {
      clock.nowMs += 3_600_000;
      jest.setSystemTime(clock.nowMs);
      await client.get({ path: '/app', schema });
    } finally {
      jest.useRealTimers();
    }
  });

  it('with a key that is none is refused with a remedy', async () => {
    const { host, github, app } = await startAcme();
    const service = createService({
      host,
      apiBaseUrl: `${github.model.state.urls.api}`,
      apps: [describeApp(app.id, 'this is no key')],
    });

    for (const client of [
      service.forApp({ host, appId: app.id }),
      service.forOwner({ host, owner: 'acme' }),
    ]) {
      await expect(client.get({ path: '/app', schema })).rejects.toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('appId and privateKey'),
      });
    }
  });
});

describe('what is not configured', () => {
  it('is refused with a remedy before anything is asked', async () => {
    const { service, host } = await startAcme();

    expect(() =>
      service.forOwner({ host: 'github.example.com', owner: 'acme' }),
    ).toThrow(
      'There is no GitHub github.example.com in the configuration; add it to integrations.github',
    );
    expect(() => service.forOwner({ host, owner: 'acme', appId: 7 })).toThrow(
      `There is no app 7 of ${host} in the configuration; add it to integrations.github[].apps`,
    );
    expect(() => service.forApp({ host, appId: 7 })).toThrow(
      'There is no app 7',
    );
  });
});

describe('secrets', () => {
  it('are in no error and no log', async () => {
    const { service, host, app, privateKey, logger, github } = await startAcme({
      token: 'personal-token',
    });
    const failures: unknown[] = [];
    const note = (error: unknown) => failures.push(error);
    const installed = service.forOwner({ host, owner: 'acme' });
    const personal = service.forOwner({ host, owner: 'other' });
    const itself = service.forApp({ host, appId: app.id });
    for (const client of [installed, personal, itself]) {
      await client.get({ path: '/repos/acme/none', schema }).catch(note);
      github.faults.failRequests('cut', { times: 3 });
      await client.get({ path: '/app', schema }).catch(note);
      github.faults.limitSecondary(1);
      await client.get({ path: '/app', schema }).catch(note);
      github.faults.clear();
    }
    expect(failures).toHaveLength(9);
    expect(
      failures.map(each => (each instanceof Error ? each.name : each)),
    ).toEqual(failures.map(() => 'GithubError'));

    const told = inspect(
      [failures, [logger.debug, logger.warn].map(({ mock }) => mock.calls)],
      { depth: 20, showHidden: true },
    );
    expect(told).not.toContain('personal-token');
    expect(told).not.toMatch(/ghs_\w|eyJ\w/);
    expect(told).not.toContain(privateKey.split('\n')[1]);
  });
});
