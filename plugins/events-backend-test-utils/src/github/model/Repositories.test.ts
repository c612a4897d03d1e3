import { GithubModel } from './GithubModel';
import type { GithubWebhook } from './payloads';

const secret = 'secret';

/** An organization where an app is installed, and one where it is not. */
function makeAcme() {
  const model = new GithubModel({ now: () => Date.UTC(2026, 0, 2) });
  model.addUser('hubot', 'Hubot');
  model.addOrganization('acme');
  model.addOrganization('other');
  const { app } = model.addApp({
    slug: 'callboard',
    webhook: { url: 'http://app.localhost', secret },
  });
  const installation = model.installations.create({
    appId: app.id,
    account: 'acme',
  });
  const webhooks: GithubWebhook[] = [];
  model.onWebhook(webhook => webhooks.push(webhook));
  return { model, app, installation, webhooks, ...model };
}

/** What was sent, in short. */
function names(webhooks: GithubWebhook[]): string[] {
  return webhooks.map(({ event, payload }) =>
    'action' in payload ? `${event}.${payload.action}` : event,
  );
}

describe('repositories', () => {
  it('keep their ids over renames and transfers, and redirect from former names', () => {
    const { repositories, state } = makeAcme();
    const { id } = repositories.create({ owner: 'acme', name: 'site' });

    repositories.rename('acme/site', 'www');
    repositories.transfer('acme/www', 'other');

    expect(repositories.get('other/www').id).toBe(id);
    expect(state.findRepository('acme/site')).toBeUndefined();
    expect(state.findRenamed('acme/site')?.id).toBe(id);
    expect(state.findRenamed('ACME/www')?.id).toBe(id);
  });

  it('are listed in the order in which they were created, wherever they were meanwhile', () => {
    const { repositories, state } = makeAcme();
    for (const name of ['one', 'two', 'three']) {
      repositories.create({ owner: 'acme', name });
    }
    repositories.transfer('acme/one', 'other');
    repositories.rename('other/one', 'first');
    repositories.transfer('other/first', 'acme');
    repositories.delete('acme/two');

    const { id } = state.getAccount('acme');
    expect(state.listRepositories(id).map(({ name }) => name)).toEqual([
      'first',
      'three',
    ]);
  });

  it('redirect no more once another takes the name', () => {
    const { repositories, state } = makeAcme();
    repositories.create({ owner: 'acme', name: 'site' });
    repositories.rename('acme/site', 'www');

    const second = repositories.create({ owner: 'acme', name: 'Site' });

    expect(state.findRenamed('acme/site')).toBeUndefined();
    expect(repositories.get('acme/site').id).toBe(second.id);
    expect(() => repositories.rename('acme/site', 'WWW')).toThrow(
      'The name acme/WWW is taken',
    );
  });

  it('are told of to the app, with all that the stock provider reads', () => {
    const { repositories, installation, webhooks } = makeAcme();

    repositories.create({
      owner: 'acme',
      name: 'site',
      topics: ['web'],
      visibility: 'internal',
      sender: 'hubot',
    });

    expect(names(webhooks)).toEqual(['repository.created']);
    expect(webhooks[0].payload).toMatchObject({
      action: 'created',
      repository: {
        name: 'site',
        full_name: 'acme/site',
        html_url: 'http://github.localhost/acme/site',
        url: 'http://github.localhost/api/v3/repos/acme/site',
        default_branch: 'main',
        topics: ['web'],
        visibility: 'internal',
        private: true,
        archived: false,
        fork: false,
        owner: { login: 'acme', type: 'Organization' },
        created_at: '2026-01-02T00:00:00Z',
      },
      organization: { login: 'acme' },
      installation: { id: installation.id },
      sender: { login: 'hubot' },
    });
  });

  it('tell each change once, and nothing where nothing changed', () => {
    const { repositories, branches, webhooks } = makeAcme();
    const files = { 'README.md': '#' };
    repositories.create({ owner: 'acme', name: 'site', files });
    branches.push('acme/site', { branch: 'next' });
    webhooks.length = 0;

    repositories.edit('acme/site', { description: 'Site', topics: ['web'] });
    repositories.edit('acme/site', { description: 'Site', topics: ['web'] });
    repositories.edit('acme/site', { defaultBranch: 'next' });
    repositories.archive('acme/site');
    repositories.unarchive('acme/site');
    repositories.setVisibility('acme/site', 'private');
    repositories.setVisibility('acme/site', 'internal');
    repositories.setVisibility('acme/site', 'public');
    repositories.rename('acme/site', 'www');
    repositories.delete('acme/www');

    expect(names(webhooks)).toEqual([
      'repository.edited',
      'repository.edited',
      'repository.edited',
      'repository.archived',
      'repository.unarchived',
      'repository.privatized',
      'repository.publicized',
      'repository.renamed',
      'repository.deleted',
    ]);
    expect(webhooks.slice(0, 3).map(({ payload }) => payload)).toMatchObject([
      { changes: { description: { from: null } } },
      { changes: { topics: { from: [] } }, repository: { topics: ['web'] } },
      { changes: { default_branch: { from: 'main' } } },
    ]);
  });

  it('tell a transfer to the new owner only', () => {
    const { model, repositories, webhooks } = makeAcme();
    const url = 'http://hook.localhost';
    model.addHook('acme', { url, secret });
    const hook = model.addHook('other', { url, secret });
    repositories.create({ owner: 'acme', name: 'site' });
    webhooks.length = 0;

    repositories.transfer('acme/site', 'other');

    expect(webhooks).toHaveLength(1);
    expect(webhooks[0]).toMatchObject({
      event: 'repository',
      hook: { id: hook.id },
      payload: {
        action: 'transferred',
        changes: { owner: { from: { organization: { login: 'acme' } } } },
        repository: { full_name: 'other/site' },
        organization: { login: 'other' },
      },
    });
    expect(webhooks[0].payload).not.toHaveProperty('installation');
  });

  it('come to an app only if it is subscribed and has them', () => {
    const { model, repositories, branches, webhooks } = makeAcme();
    const one = repositories.create({ owner: 'other', name: 'one' });
    repositories.create({ owner: 'other', name: 'two' });
    const { app } = model.addApp({
      slug: 'pushes',
      webhook: { url: 'http://app.localhost', secret },
      events: ['push'],
    });
    model.installations.create({
      appId: app.id,
      account: 'other',
      repositories: ['other/one'],
    });
    webhooks.length = 0;

    for (const name of ['other/one', 'other/two']) {
      branches.push(name, { commits: [{ files: { a: '1' } }] });
      repositories.archive(name);
    }

    expect(names(webhooks)).toEqual(['push']);
    expect(webhooks[0].repositoryId).toBe(one.id);
  });

  it('are forked with all branches, and nothing is pushed', () => {
    const { repositories, branches, webhooks } = makeAcme();
    const files = { 'catalog-info.yaml': 'kind: Component' };
    repositories.create({ owner: 'other', name: 'site', files });
    branches.push('other/site', { branch: 'next' });

    const fork = repositories.fork('other/site', { owner: 'acme' });

    expect(names(webhooks)).toEqual(['repository.created']);
    expect(webhooks[0].payload).toMatchObject({
      repository: { full_name: 'acme/site', fork: true },
    });
    expect([...fork.git.branches.keys()]).toEqual(['main', 'next']);
    branches.push('acme/site', {
      commits: [{ files: { 'catalog-info.yaml': null } }],
    });
    const original = repositories.get('other/site');
    expect(original.git.branches.get('main')).toBe(
      fork.git.branches.get('main'),
    );
  });

  it('refuse what is so already, and what their owner cannot have', () => {
    const { repositories } = makeAcme();
    repositories.create({ owner: 'acme', name: 'site' });
    repositories.create({ owner: 'hubot', name: 'site' });
    repositories.archive('acme/site');

    expect(() => repositories.archive('acme/site')).toThrow('read-only');
    expect(() => repositories.unarchive('hubot/site')).toThrow('not archived');
    expect(() => repositories.transfer('acme/site', 'acme')).toThrow('already');
    expect(() => repositories.transfer('acme/site', 'hubot')).toThrow(
      'The name hubot/site is taken',
    );
    expect(() => repositories.setVisibility('hubot/site', 'internal')).toThrow(
      'is of a user',
    );
  });

  it('are read-only when they are archived', () => {
    const { repositories, branches } = makeAcme();
    repositories.create({ owner: 'acme', name: 'site', files: { a: '1' } });
    repositories.archive('acme/site');

    expect(() =>
      branches.push('acme/site', { commits: [{ files: { a: '2' } }] }),
    ).toThrow('read-only');
  });
});
