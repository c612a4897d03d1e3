import {
  GithubModel,
  type GithubWebhook,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { parseEntityYaml } from '@backstage/plugin-catalog-node';
import { catalogPath, servicePaths } from './catalogFiles';
import { operationKinds } from './operationKinds';
import { RandomOperations } from './RandomOperations';
import { seedRepositories } from './seedRepositories';

/** Two organizations and a user that are followed, an app that has some repositories of one of them, and a clock. */
function startOperations({ seed = 7, nowMs = Date.UTC(2026, 0, 2) } = {}) {
  const model = new GithubModel({ now: () => nowMs });
  model.addOrganization('acme');
  model.addOrganization('umbrella');
  model.addUser('hubot');
  model.addOrganization('elsewhere');
  const owners = ['acme', 'umbrella', 'hubot'];
  seedRepositories(model, { owner: 'acme', count: 20 });
  seedRepositories(model, { owner: 'umbrella', count: 15 });
  seedRepositories(model, { owner: 'hubot', count: 5 });
  seedRepositories(model, { owner: 'elsewhere', count: 5 });
  const { app } = model.addApp({
    slug: 'callboard',
    webhook: { url: 'http://app.localhost', secret: 'secret' },
  });
  model.installations.create({ appId: app.id, account: 'acme' });
  model.installations.create({
    appId: app.id,
    account: 'umbrella',
    repositories: ['umbrella/site-1', 'umbrella/site-2'],
  });
  const webhooks: GithubWebhook[] = [];
  model.onWebhook(webhook => webhooks.push(webhook));
  const operations = new RandomOperations({
    model,
    seed,
    owners,
    elsewhere: 'elsewhere',
  });
  const perform = (count: number) =>
    Array.from({ length: count }, () => operations.perform());
  const listFollowed = () =>
    owners.flatMap(owner =>
      model.state.listRepositories(model.state.getAccount(owner).id),
    );
  return { model, operations, perform, listFollowed, webhooks };
}

describe('random operations', () => {
  it('are of every kind, most of them pushes and few of them deletions', () => {
    const { operations, perform } = startOperations();
    perform(2000);

    const { counts } = operations;
    expect([...counts.keys()].sort()).toEqual(
      operationKinds.map(({ name }) => name).sort(),
    );
    expect(counts.get('change the file')).toBeGreaterThan(200);
    expect(counts.get('delete')).toBeLessThan(40);
  });

  it('are the same for the same seed at any time, and others for another', () => {
    const first = startOperations().perform(2000);

    expect(startOperations({ nowMs: 0 }).perform(2000)).toEqual(first);
    expect(startOperations({ seed: 8 }).perform(2000)).not.toEqual(first);
  });

  it('keep the number of repositories near where it began', () => {
    const { perform, listFollowed } = startOperations();

    for (let turn = 0; turn < 20; turn++) {
      perform(100);
      expect(listFollowed().length).toBeGreaterThanOrEqual(36);
      expect(listFollowed().length).toBeLessThanOrEqual(44);
    }
  });

  it('are told by webhooks of every event that the app is subscribed to', () => {
    const { perform, webhooks } = startOperations();
    perform(2000);

    const told = webhooks.map(({ event, payload }) =>
      'action' in payload ? `${event}.${payload.action}` : event,
    );
    expect([...new Set(told)].sort()).toEqual([
      'installation_repositories.added',
      'installation_repositories.removed',
      'push',
      'repository.archived',
      'repository.created',
      'repository.deleted',
      'repository.edited',
      'repository.privatized',
      'repository.publicized',
      'repository.renamed',
      'repository.transferred',
      'repository.unarchived',
    ]);
  });

  it('leave valid files, of which no two name one entity', () => {
    const { perform, listFollowed } = startOperations();
    perform(2000);

    const names = listFollowed().flatMap(({ git, defaultBranch }) =>
      [catalogPath, ...servicePaths].flatMap(path => {
        const blob = git.findObject(`HEAD:${path}`, defaultBranch);
        return blob?.type === 'blob' ? readNames(blob.content) : [];
      }),
    );

    expect(names.length).toBeGreaterThan(40);
    expect(new Set(names).size).toBe(names.length);
  });
});

/** The names of the entities in a file. */
function readNames(content: Buffer): string[] {
  const location = { type: 'url', target: 'http://github.localhost' };
  return [...parseEntityYaml(content, location)].map(result => {
    if (result.type !== 'entity') {
      throw new Error(`There is no entity in ${content}`);
    }
    return result.entity.metadata.name;
  });
}
