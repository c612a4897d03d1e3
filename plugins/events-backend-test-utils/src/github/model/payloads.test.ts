import examples from '@octokit/webhooks-examples';
import { GithubModel } from './GithubModel';
import type { GithubWebhook } from './payloads';

/** Does everything once, where an app is installed. */
function collectWebhooks(): GithubWebhook[] {
  const model = new GithubModel();
  const { repositories, branches, installations } = model;
  const url = 'http://app.localhost';
  model.addUser('hubot');
  model.addOrganization('acme');
  const { app } = model.addApp({
    slug: 'callboard',
    webhook: { url, secret: 'secret' },
    events: ['create', 'delete', 'public', 'push', 'repository'],
  });
  const webhooks: GithubWebhook[] = [];
  model.onWebhook(webhook => webhooks.push(webhook));
  const all = installations.create({ appId: app.id, account: 'acme' });
  const files = { 'README.md': '#' };
  repositories.create({ owner: 'acme', name: 'site', files });
  branches.push('acme/site', { branch: 'next', sender: 'hubot' });
  repositories.edit('acme/site', { description: 'Site' });
  repositories.edit('acme/site', { defaultBranch: 'next' });
  branches.delete('acme/site', 'main');
  repositories.archive('acme/site');
  repositories.unarchive('acme/site');
  repositories.setVisibility('acme/site', 'private');
  repositories.setVisibility('acme/site', 'public');
  repositories.rename('acme/site', 'www');
  repositories.transfer('acme/www', 'hubot');
  repositories.transfer('hubot/www', 'acme');
  installations.delete(all.id);
  const { id } = installations.create({
    appId: app.id,
    account: 'acme',
    repositories: ['acme/www'],
  });
  installations.removeRepositories(id, ['acme/www']);
  installations.addRepositories(id, ['acme/www']);
  installations.suspend(id);
  installations.unsuspend(id);
  for (const target of ['acme', 'acme/www']) {
    model.ping(model.addHook(target, { url, secret: 'secret' }));
  }
  if (app.hook) {
    model.ping(app.hook);
  }
  return webhooks;
}

/** The paths of all fields, through the first of each list. */
function listFields(value: unknown, prefix: string = ''): string[] {
  if (typeof value !== 'object' || value === null) {
    return [prefix];
  }
  const entries = Array.isArray(value)
    ? Object.entries(value.slice(0, 1))
    : Object.entries(value);
  return [
    prefix,
    ...entries.flatMap(([name, inside]) =>
      listFields(inside, `${prefix}.${name}`),
    ),
  ];
}

/** Such as `repository.renamed`. */
function kindOf(event: string, payload: object): string {
  return 'action' in payload ? `${event}.${payload.action}` : event;
}

// An app may ask for one file, or for other permissions; and here nobody requests what an owner has to approve.
const excused =
  /^\.(requester|installation\.(permissions|single_file_paths\.0))\b/;

describe('payloads', () => {
  it('have every field that recorded ones of GitHub have', () => {
    const fields = new Map<string, Set<string>>();
    for (const { event, payload } of collectWebhooks()) {
      const kind = kindOf(event, payload);
      const known = fields.get(kind) ?? [];
      fields.set(kind, new Set([...known, ...listFields(payload)]));
    }
    const recorded = examples.flatMap(({ name, examples: payloads }) =>
      payloads.map((payload: object) => ({
        kind: kindOf(name, payload),
        payload,
      })),
    );
    const missing = recorded.flatMap(({ kind, payload }) =>
      listFields(payload)
        .filter(field => fields.has(kind) && !fields.get(kind)?.has(field))
        .filter(field => !excused.test(field))
        .map(field => `${kind}: ${field}`),
    );

    expect(missing).toEqual([]);
    const compared = new Set(recorded.map(({ kind }) => kind));
    expect([...fields.keys()].filter(kind => !compared.has(kind))).toEqual([
      'repository.archived',
      'repository.unarchived',
    ]);
  });
});
