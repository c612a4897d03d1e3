import { createHmac } from 'node:crypto';
import { WebhookReceiver, type ReceivedRequest } from '../WebhookReceiver';
import { askGithub, makeJwt } from './askGithub';
import { GithubServer, type GithubServerOptions } from './GithubServer';
import { GithubModel } from './model/GithubModel';
import type { GithubApp, GithubHook } from './model/records';

const secret = "It's a Secret to Everybody";
const running: { stop(): Promise<void> }[] = [];

afterEach(() => Promise.all(running.splice(0).map(each => each.stop())));

/** A GitHub whose app sends to a receiver; each change makes one webhook. */
async function startGithub(options: GithubServerOptions = {}) {
  const receiver = new WebhookReceiver();
  const github = new GithubServer({
    tokens: { personal: 'hubot' },
    ...options,
  });
  running.push(receiver, github);
  const { model } = github;
  model.addUser('hubot');
  model.addOrganization('acme');
  const { apiBaseUrl } = await github.start();
  const url = `${await receiver.start()}/hook`;
  const { app, privateKey } = model.addApp({
    slug: 'callboard',
    webhook: { url, secret },
  });
  model.repositories.create({ owner: 'acme', name: 'site' });
  const installation = model.installations.create({
    appId: app.id,
    account: 'acme',
  });
  await github.settleWebhooks();
  let changes = 0;
  const change = (count: number) => {
    for (const end = changes + count; changes < end; changes++) {
      const description = `Change ${changes}`;
      model.repositories.edit('acme/site', { description });
    }
  };
  const ask = (path: string, method?: string) =>
    askGithub(path.startsWith('http') ? path : `${apiBaseUrl}${path}`, {
      token: makeJwt(app.id, privateKey),
      method,
    });
  return {
    github,
    model,
    receiver,
    url,
    app,
    installation,
    change,
    ask,
    apiBaseUrl,
  };
}

function getHook({ hook }: GithubApp): GithubHook {
  if (!hook) {
    throw new Error('The app has no hook');
  }
  return hook;
}

function describeRequest({ body }: ReceivedRequest): string {
  return JSON.parse(body.toString()).repository?.description;
}

describe('webhooks', () => {
  it('are signed, and come with all headers', async () => {
    const { model, receiver, app, change } = await startGithub();
    change(1);

    const [, { method, path, headers, body }] = await receiver.waitFor(2);
    const digest = createHmac('sha256', secret).update(body).digest('hex');
    expect({ method, path }).toEqual({ method: 'POST', path: '/hook' });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^GitHub-Hookshot\//),
      'x-github-delivery': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-github-event': 'repository',
      'x-github-hook-id': String(app.hook?.id),
      'x-github-hook-installation-target-id': String(app.id),
      'x-github-hook-installation-target-type': 'integration',
      'x-hub-signature-256': `sha256=${digest}`,
    });
    expect(JSON.parse(body.toString())).toMatchObject({
      repository: { html_url: `${model.state.urls.web}/acme/site` },
    });
  });

  it('are kept in the log, with what was sent and answered', async () => {
    const { github, receiver, installation, change, ask, url } =
      await startGithub();
    receiver.answerWith({ kind: 'answer', status: 503, body: 'later' });
    change(1);
    await github.settleWebhooks();

    const list = await ask('/app/hook/deliveries');
    expect(list.body).toMatchObject([
      {
        event: 'repository',
        action: 'edited',
        status: 'Invalid HTTP Response: 503',
        status_code: 503,
        redelivery: false,
        installation_id: installation.id,
      },
      { event: 'installation', action: 'created', status: 'OK' },
    ]);
    const [{ id, guid }] = github.deliveries.list();
    expect(await ask(`/app/hook/deliveries/${id}`)).toMatchObject({
      body: {
        id,
        guid,
        url,
        request: {
          headers: { 'X-GitHub-Delivery': guid },
          payload: { action: 'edited' },
        },
        response: { payload: 'later' },
      },
    });
  });

  it('are not repeated until somebody asks, and keep their guid then', async () => {
    const { github, receiver, change, ask } = await startGithub();
    receiver.answerWith({ kind: 'answer', status: 500 });
    change(1);
    await github.settleWebhooks();
    receiver.answerWith({ kind: 'answer', status: 200 });
    const [{ id, guid }] = github.deliveries.list();

    const asked = await ask(`/app/hook/deliveries/${id}/attempts`, 'POST');
    expect(asked.status).toBe(202);
    await github.settleWebhooks();

    const [, first, second] = receiver.requests;
    expect(second.headers['x-github-delivery']).toBe(guid);
    expect(second.body.equals(first.body)).toBe(true);
    expect(github.deliveries.list()).toMatchObject([
      { guid, isRedelivery: true, statusCode: 200 },
      { guid, isRedelivery: false, statusCode: 500 },
      {},
    ]);
  });

  it('are listed in pages that later ones do not move', async () => {
    const { github, change, ask } = await startGithub();
    change(4);
    await github.settleWebhooks();
    const ids = github.deliveries.list().map(({ id }) => ({ id }));

    const first = await ask('/app/hook/deliveries?per_page=2');
    expect(first.body).toMatchObject(ids.slice(0, 2));
    change(1);
    await github.settleWebhooks();
    const [, next = ''] =
      /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '') ?? [];
    const second = await ask(next);

    expect(second.body).toMatchObject(ids.slice(2, 4));
    expect(second.headers.get('link')).toContain('cursor=');
  });

  it('of organizations and repositories have logs of their own', async () => {
    const { github, model, url, change, apiBaseUrl } = await startGithub();
    const ofOrganization = model.addHook('acme', { url, secret });
    const ofRepository = model.addHook('acme/site', { url, secret });
    change(1);
    await github.settleWebhooks();

    for (const [path, hook] of [
      ['orgs/acme', ofOrganization],
      ['repos/acme/site', ofRepository],
    ] as const) {
      const answer = await askGithub(
        `${apiBaseUrl}/${path}/hooks/${hook.id}/deliveries`,
        { token: 'personal' },
      );
      expect(answer.body).toMatchObject([
        { event: 'repository', installation_id: null },
      ]);
    }
  });

  it('go to where their hook is by then, also when they are sent again', async () => {
    const { github, model, receiver, app, change, ask, url } =
      await startGithub();
    receiver.answerWith({ kind: 'answer', status: 500 });
    change(1);
    await github.settleWebhooks();
    const [{ id }] = github.deliveries.list();

    model.moveHook(getHook(app), `${url}/moved`);
    await ask(`/app/hook/deliveries/${id}/attempts`, 'POST');
    change(1);
    await github.settleWebhooks();

    expect(receiver.requests.map(({ path }) => path)).toEqual([
      '/hook',
      '/hook',
      '/hook/moved',
      '/hook/moved',
    ]);
    expect(await ask('/app/hook/config')).toMatchObject({
      body: { url: `${url}/moved`, secret: '********' },
    });
  });

  it('fail when the receiver takes too long, or is not there', async () => {
    const { github, receiver, change } = await startGithub({
      webhookTimeoutMs: 500,
    });
    receiver.answerWith({ kind: 'hang' });
    change(1);
    await github.settleWebhooks();
    await receiver.stop();
    change(1);
    await github.settleWebhooks();

    expect(github.deliveries.list()).toMatchObject([
      { status: 'failed to connect to host', statusCode: 502 },
      { status: 'timed out', statusCode: 504 },
      {},
    ]);
  });
});

describe('hooks', () => {
  it('of organizations and repositories are listed with their URLs, and without their secrets', async () => {
    const { model, url, apiBaseUrl } = await startGithub();
    const ofOrganization = model.addHook('acme', { url, secret });
    const ofRepository = model.addHook('acme/site', {
      url,
      secret,
      events: ['push'],
    });
    const ask = (path: string) =>
      askGithub(`${apiBaseUrl}/${path}`, { token: 'personal' });

    const organization = {
      type: 'Organization',
      id: ofOrganization.id,
      active: true,
      events: ['*'],
      config: { url, content_type: 'json', secret: '********' },
      deliveries_url: `${apiBaseUrl}/orgs/acme/hooks/${ofOrganization.id}/deliveries`,
    };
    const repository = {
      type: 'Repository',
      id: ofRepository.id,
      events: ['push'],
      url: `${apiBaseUrl}/repos/acme/site/hooks/${ofRepository.id}`,
    };
    expect(await ask('orgs/acme/hooks')).toMatchObject({
      body: [organization],
    });
    expect(await ask(`orgs/acme/hooks/${ofOrganization.id}`)).toMatchObject({
      body: organization,
    });
    expect(
      await ask(`orgs/acme/hooks/${ofOrganization.id}/config`),
    ).toMatchObject({ body: organization.config });
    expect(await ask('repos/acme/site/hooks')).toMatchObject({
      body: [repository],
    });
    expect(await ask(`orgs/acme/hooks/${ofRepository.id}`)).toMatchObject({
      status: 404,
    });
    expect(await askGithub(`${apiBaseUrl}/orgs/acme/hooks`)).toMatchObject({
      status: 404,
    });
  });

  it('have what failed sent again, as those of apps', async () => {
    const { github, model, receiver, url, apiBaseUrl } = await startGithub();
    const { id } = model.addHook('acme/site', { url, secret });
    github.faults.disturbWebhooks({ drop: 1 });
    model.repositories.edit('acme/site', { description: 'Changed' });
    github.faults.disturbWebhooks({});
    await github.settleWebhooks();
    const ask = (path: string, method?: string) =>
      askGithub(`${apiBaseUrl}/repos/acme/site/hooks/${id}${path}`, {
        token: 'personal',
        method,
      });

    const [failed] = github.deliveries.list(id);
    expect(await ask('/deliveries?status=failure')).toMatchObject({
      body: [{ id: failed.id, guid: failed.guid, status_code: 502 }],
    });
    expect(await ask(`/deliveries/${failed.id}`)).toMatchObject({
      body: { url, request: { payload: { action: 'edited' } } },
    });
    expect(
      await ask(`/deliveries/${failed.id}/attempts`, 'POST'),
    ).toMatchObject({ status: 202 });
    await github.settleWebhooks();
    expect(receiver.requests[1].headers['x-github-delivery']).toBe(failed.guid);
  });

  it('are sent a ping when it is asked for, or when they are new', async () => {
    const model = new GithubModel({ pingsHooks: true });
    const { github, receiver, url, apiBaseUrl } = await startGithub({ model });
    const isPing = ({ headers }: ReceivedRequest) =>
      headers['x-github-event'] === 'ping';
    expect(receiver.requests.filter(isPing)).toHaveLength(1);

    const { id } = model.addHook('acme', { url, secret, events: ['push'] });
    const { status, body } = await askGithub(
      `${apiBaseUrl}/orgs/acme/hooks/${id}/pings`,
      { token: 'personal', method: 'POST' },
    );
    await github.settleWebhooks();

    expect({ status, body }).toEqual({ status: 204, body: '' });
    const [, ...pings] = receiver.requests.filter(isPing);
    expect(pings.map(each => JSON.parse(each.body.toString()))).toMatchObject([
      { hook_id: id, hook: { type: 'Organization', events: ['push'] } },
      { hook_id: id, organization: { login: 'acme' } },
    ]);
  });
});

describe('faults of webhooks', () => {
  it('lose them without a trace, or drop them with one', async () => {
    const { github, receiver, change } = await startGithub();
    github.faults.disturbWebhooks({ lose: 1 });
    change(3);
    github.faults.disturbWebhooks({ drop: 1 });
    change(2);
    github.faults.clear();
    await github.settleWebhooks();

    expect(receiver.requests).toHaveLength(1);
    expect(github.deliveries.list()).toMatchObject([
      { statusCode: 502 },
      { statusCode: 502 },
      { statusCode: 200 },
    ]);
  });

  it('repeat them with the same guid', async () => {
    const { github, receiver, change } = await startGithub();
    github.faults.disturbWebhooks({ repeat: 1 });
    change(1);
    await github.settleWebhooks();

    const [, first, second] = receiver.requests;
    expect(second.headers['x-github-delivery']).toBe(
      first.headers['x-github-delivery'],
    );
  });

  it('gather them to be shuffled, and send the rest when they are released', async () => {
    const { github, receiver, change } = await startGithub();
    github.faults.disturbWebhooks({ shuffle: 6 });
    change(8);
    await github.settleWebhooks();
    expect(receiver.requests).toHaveLength(1 + 6);

    github.faults.releaseWebhooks();
    await receiver.waitFor(1 + 8);
    expect(receiver.requests.slice(1).map(describeRequest).sort()).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map(index => `Change ${index}`),
    );
  });

  it('delay them', async () => {
    const { github, receiver, change } = await startGithub();
    github.faults.disturbWebhooks({ delayMs: { from: 1, to: 20 } });
    change(5);
    await github.settleWebhooks();

    expect(receiver.requests.slice(1).map(describeRequest).sort()).toEqual(
      [0, 1, 2, 3, 4].map(index => `Change ${index}`),
    );
  });

  it('keep them until an outage ends', async () => {
    const { github, receiver, change, ask } = await startGithub();
    github.faults.startOutage();
    change(2);
    await github.settleWebhooks();
    expect(receiver.requests).toHaveLength(1);
    expect(await ask('/app')).toMatchObject({ status: 503 });

    github.faults.endOutage();
    await receiver.waitFor(3);
    expect(await ask('/app')).toMatchObject({ status: 200 });
  });
});
