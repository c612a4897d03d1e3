import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import { FollowedPortal, waitFor } from '../__testUtils__/FollowedPortal';
import { startGithub } from '../__testUtils__/startGithub';

jest.setTimeout(120_000);

const databases = createTestDatabases();
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of running.splice(0).reverse()) {
    await each.stop();
  }
});

describe.each(databases.ids)('what became of a webhook, on %s', id => {
  async function start() {
    const started = await startGithub();
    running.push(started.github);
    const { github, host, config, sendWebhooksTo } = started;
    const { model } = github;
    model.repositories.create({
      owner: 'acme',
      name: 'site',
      files: { 'catalog-info.yaml': 'kind: Component' },
    });
    const portal = await FollowedPortal.start({
      config,
      provider: { host, organization: 'acme' },
      databases: {
        catalog: await databases.open(id),
        events: await databases.open(id),
      },
      catalog: { processingInterval: false },
    });
    running.push(portal);
    sendWebhooksTo(portal.webhookUrl);
    await waitFor(() => portal.countLog('Scanned') > 0);
    /** Explains the last delivery that GitHub made of an event. */
    const explainLast = async (event: string) => {
      await github.settleWebhooks();
      await portal.settle();
      const delivery = github.deliveries
        .list()
        .find(each => each.event === event);
      const response = await portal.get(
        `/api/catalog/github/deliveries/${delivery?.guid}`,
      );
      expect(response.status).toBe(200);
      return response.json();
    };
    return { portal, model, host, explainLast };
  }

  it('is told: where it went, which provider looked at it, and what it changed', async () => {
    const { model, explainLast } = await start();
    model.repositories.rename('acme/site', 'shop');
    const answer = await explainLast('repository');
    expect(answer).toMatchObject({
      explanation: expect.stringMatching(
        /^github-provider:default: The catalog drops .*site.*\. The catalog reads .*shop/,
      ),
      events: [
        { topic: 'github', explanation: expect.any(String) },
        {
          topic: 'github.repository',
          recipients: [
            {
              subscriptionId: 'catalog.github-provider:default',
              explanation: expect.stringMatching(/^Delivered/),
            },
          ],
        },
      ],
      providers: [
        {
          provider: 'github-provider:default',
          topic: 'github.repository',
          action: 'renamed',
          state: 'settled',
        },
      ],
    });
  });

  it('is told when nothing changed, and why', async () => {
    const { model, explainLast } = await start();
    model.branches.push('acme/site', {
      branch: 'feature',
      commits: [{ files: { 'catalog-info.yaml': 'kind: API' } }],
    });
    expect(await explainLast('push')).toMatchObject({
      explanation:
        'Nothing changed: every provider passed it over. github-provider:default: it went to refs/heads/feature, and the branch main is followed',
      providers: [{ state: 'passed over' }],
    });
    model.repositories.archive('acme/site');
    model.repositories.unarchive('acme/site');
    model.repositories.edit('acme/site', { topics: ['web'] });
    expect(await explainLast('repository')).toMatchObject({
      explanation: expect.stringMatching(
        /Nothing that the catalog sees has changed|The catalog reads/,
      ),
    });
  });

  it('is told of one that never arrived, with the remedy', async () => {
    const { portal } = await start();
    const response = await portal.get('/api/catalog/github/deliveries/unknown');
    expect(await response.json()).toMatchObject({
      explanation: expect.stringMatching(/did not arrive.*webhookSecret/),
      events: [],
      providers: [],
    });
  });

  it('is told of a repository: what is known, and why the catalog has it', async () => {
    const { portal, host } = await start();
    const response = await portal.get(
      '/api/catalog/github/repositories/Acme/SITE',
    );
    const target = `http://${host}/acme/site/blob/main/catalog-info.yaml`;
    expect(await response.json()).toMatchObject({
      explanation: `github-provider:default: the repository is read at ${target}`,
      providers: [{ locations: [target], state: { owner: 'acme' } }],
    });
    expect(
      await (await portal.get('/api/catalog/github/providers')).json(),
    ).toMatchObject({
      items: [
        {
          provider: 'github-provider:default',
          follows: 'acme',
          pendingHints: 0,
          lastFullScanAt: expect.any(String),
        },
      ],
    });
  });
});
