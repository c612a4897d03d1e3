import { GithubModel } from './GithubModel';
import type { GithubWebhook } from './payloads';

function makeAcme() {
  const model = new GithubModel();
  model.addOrganization('acme');
  for (const name of ['one', 'two', 'three']) {
    model.repositories.create({ owner: 'acme', name });
  }
  const { app } = model.addApp({
    slug: 'callboard',
    webhook: { url: 'http://app.localhost', secret: 'secret' },
  });
  const webhooks: GithubWebhook[] = [];
  model.onWebhook(webhook => webhooks.push(webhook));
  return { model, app, webhooks, ...model };
}

describe('installations', () => {
  it('are told of to their app, which is subscribed to no such event', () => {
    const { installations, app, webhooks } = makeAcme();
    const { id } = installations.create({
      appId: app.id,
      account: 'acme',
      repositories: ['acme/one'],
    });

    installations.addRepositories(id, ['acme/two']);
    installations.removeRepositories(id, ['acme/one']);
    installations.suspend(id);
    installations.unsuspend(id);
    installations.delete(id);

    const name = (full: string) => ({ full_name: full });
    expect(webhooks).toMatchObject([
      {
        event: 'installation',
        payload: {
          action: 'created',
          installation: {
            id,
            account: { login: 'acme' },
            repository_selection: 'selected',
            events: ['push', 'repository'],
          },
          repositories: [name('acme/one')],
        },
      },
      {
        event: 'installation_repositories',
        payload: {
          action: 'added',
          repositories_added: [name('acme/two')],
          repositories_removed: [],
        },
      },
      {
        event: 'installation_repositories',
        payload: {
          action: 'removed',
          repositories_added: [],
          repositories_removed: [name('acme/one')],
        },
      },
      {
        event: 'installation',
        payload: {
          action: 'suspend',
          installation: { suspended_by: { login: 'ghost' } },
        },
      },
      {
        event: 'installation',
        payload: { action: 'unsuspend', installation: { suspended_by: null } },
      },
      {
        event: 'installation',
        payload: { action: 'deleted', repositories: [name('acme/two')] },
      },
    ]);
  });

  it('get no events of repositories while they are suspended, and after that', () => {
    const { installations, repositories, app, webhooks } = makeAcme();
    const { id } = installations.create({ appId: app.id, account: 'acme' });
    const send = () => {
      webhooks.length = 0;
      repositories.edit('acme/one', { topics: [`${webhooks.length}`] });
      repositories.edit('acme/one', { topics: [] });
      return webhooks.length;
    };

    expect(send()).toBe(2);
    installations.suspend(id);
    expect(send()).toBe(0);
    installations.unsuspend(id);
    expect(send()).toBe(2);
    installations.delete(id);
    expect(send()).toBe(0);
  });

  it('can be given all repositories, or some', () => {
    const { installations, app, webhooks } = makeAcme();
    const { id } = installations.create({
      appId: app.id,
      account: 'acme',
      repositories: ['acme/one'],
    });
    webhooks.length = 0;

    installations.selectRepositories(id, 'all');
    installations.selectRepositories(id, ['acme/three']);
    installations.selectRepositories(id, ['acme/three']);

    const names = (...list: string[]) =>
      list.map(name => ({ full_name: `acme/${name}` }));
    expect(webhooks.map(({ payload }) => payload)).toMatchObject([
      {
        action: 'added',
        repository_selection: 'all',
        repositories_added: names('two', 'three'),
      },
      {
        action: 'removed',
        repository_selection: 'selected',
        repositories_removed: names('one', 'two'),
      },
    ]);
  });

  it('that were given some are told which of them are deleted or transferred away', () => {
    const { model, installations, repositories, app, webhooks } = makeAcme();
    model.addOrganization('other');
    const { id } = installations.create({
      appId: app.id,
      account: 'acme',
      repositories: ['acme/one', 'acme/two'],
    });
    webhooks.length = 0;

    repositories.transfer('acme/one', 'other');
    repositories.delete('acme/two');
    repositories.delete('acme/three');

    expect(webhooks).toMatchObject([
      {
        event: 'installation_repositories',
        payload: {
          action: 'removed',
          repositories_removed: [{ full_name: 'acme/one' }],
        },
      },
      { event: 'repository', payload: { action: 'deleted' } },
      {
        event: 'installation_repositories',
        payload: {
          action: 'removed',
          repositories_removed: [{ full_name: 'acme/two' }],
        },
      },
    ]);
    expect(installations.get(id).repositoryIds.size).toBe(0);
  });

  it('that were given all are told of deletions by the repository alone', () => {
    const { model, installations, repositories, app, webhooks } = makeAcme();
    model.addOrganization('other');
    installations.create({ appId: app.id, account: 'acme' });
    webhooks.length = 0;

    repositories.create({ owner: 'acme', name: 'four' });
    repositories.transfer('acme/one', 'other');
    repositories.delete('acme/two');

    expect(webhooks).toMatchObject([
      { event: 'repository', payload: { action: 'created' } },
      { event: 'repository', payload: { action: 'deleted' } },
    ]);
  });

  it('lose a repository that is transferred away', () => {
    const { model, installations, repositories, app, state } = makeAcme();
    model.addOrganization('other');
    const { id } = installations.create({
      appId: app.id,
      account: 'acme',
      repositories: ['acme/one'],
    });

    repositories.transfer('acme/one', 'other');
    repositories.transfer('other/one', 'acme');

    const installation = installations.get(id);
    expect(state.listAccessible(installation)).toEqual([]);
  });

  it('of one app are there once per account', () => {
    const { installations, app } = makeAcme();
    installations.create({ appId: app.id, account: 'acme' });

    expect(() =>
      installations.create({ appId: app.id, account: 'acme' }),
    ).toThrow('is installed on acme');
  });
});
