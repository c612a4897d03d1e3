import { GithubModel } from './GithubModel';
import type { GithubWebhook } from './payloads';

const secret = 'secret';
const url = 'http://hook.localhost';

/** An organization with a hook for all that happens to branches. */
function makeAcme() {
  const model = new GithubModel({ now: () => Date.UTC(2026, 0, 2) });
  model.addUser('hubot', 'Hubot');
  model.addOrganization('acme');
  model.addHook('acme', { url, secret, events: ['push', 'create', 'delete'] });
  const webhooks: GithubWebhook[] = [];
  model.onWebhook(webhook => webhooks.push(webhook));
  return { webhooks, ...model };
}

function names(webhooks: GithubWebhook[]): string[] {
  return webhooks.map(({ event }) => event);
}

describe('pushes', () => {
  it('tell each commit with its files, and times as numbers', () => {
    const { repositories, branches, webhooks } = makeAcme();
    repositories.create({
      owner: 'acme',
      name: 'site',
      files: { 'a.yaml': '1', 'b.yaml': '1' },
    });
    webhooks.length = 0;

    const { before, after } = branches.push('acme/site', {
      sender: 'hubot',
      commits: [
        { message: 'Change a', files: { 'a.yaml': '2' } },
        { files: { 'b.yaml': null, 'docs/c.yaml': '1' } },
      ],
    });

    expect(names(webhooks)).toEqual(['push']);
    expect(webhooks[0].payload).toMatchObject({
      ref: 'refs/heads/main',
      before,
      after: after?.oid,
      created: false,
      deleted: false,
      forced: false,
      base_ref: null,
      commits: [
        {
          message: 'Change a',
          added: [],
          modified: ['a.yaml'],
          removed: [],
          distinct: true,
          author: { name: 'Hubot', username: 'hubot' },
        },
        { added: ['docs/c.yaml'], modified: [], removed: ['b.yaml'] },
      ],
      head_commit: { id: after?.oid },
      compare: `http://github.localhost/acme/site/compare/${before?.slice(
        0,
        12,
      )}...${after?.oid.slice(0, 12)}`,
      pusher: { name: 'hubot' },
      repository: {
        url: 'http://github.localhost/acme/site',
        pushed_at: Date.UTC(2026, 0, 2) / 1000,
        master_branch: 'main',
      },
    });
  });

  it('tell of branches that are made and deleted', () => {
    const { repositories, branches, webhooks } = makeAcme();
    repositories.create({ owner: 'acme', name: 'site', files: { a: '1' } });
    webhooks.length = 0;

    branches.push('acme/site', { branch: 'same' });
    branches.push('acme/site', {
      branch: 'more',
      commits: [{ files: { b: '1' } }],
    });
    branches.delete('acme/site', 'more');

    expect(names(webhooks)).toEqual([
      'create',
      'push',
      'create',
      'push',
      'delete',
      'push',
    ]);
    expect(webhooks.map(({ payload }) => payload)).toMatchObject([
      { ref: 'same', ref_type: 'branch' },
      { created: true, base_ref: 'refs/heads/main', commits: [] },
      { ref: 'more' },
      { created: true, base_ref: null, commits: [{ added: ['b'] }] },
      { ref: 'more' },
      { deleted: true, after: '0'.repeat(40), head_commit: null },
    ]);
  });

  it('take commits away only with force', () => {
    const { repositories, branches, webhooks } = makeAcme();
    repositories.create({ owner: 'acme', name: 'site', files: { a: '1' } });
    const { before } = branches.push('acme/site', {
      commits: [{ files: { a: '2' } }],
    });
    webhooks.length = 0;
    const push = { onto: before, commits: [{ files: { b: '1' } }] };

    expect(() => branches.push('acme/site', push)).toThrow('push with force');
    branches.push('acme/site', { ...push, force: true });

    expect(webhooks.map(({ payload }) => payload)).toMatchObject([
      { forced: true, commits: [{ added: ['b'] }] },
    ]);
  });

  it('leave out what is too much: files of a commit, and commits', () => {
    const { repositories, branches, webhooks } = makeAcme();
    const paths = Array.from({ length: 2000 }, (_, index) => `f${index}`);
    const files = (content: string | null) =>
      Object.fromEntries(paths.map(path => [path, content]));
    repositories.create({ owner: 'acme', name: 'site' });

    branches.push('acme/site', {
      commits: [
        { files: files('1') },
        {
          files: {
            ...files(null),
            ...Object.fromEntries(paths.map(path => [`new/${path}`, '1'])),
          },
        },
      ],
    });
    branches.push('acme/site', {
      commits: Array.from({ length: 2100 }, (_, index) => ({
        files: { count: `${index}` },
      })),
    });

    const [wide, long] = webhooks.flatMap(({ event, payload }) =>
      event === 'push' && 'commits' in payload ? [payload.commits] : [],
    );
    expect(wide).toMatchObject([
      { added: { length: 2000 } },
      { added: { length: 2000 }, removed: { length: 1000 } },
    ]);
    expect(long).toHaveLength(2048);
  });

  it('make the first branch the default', () => {
    const { repositories, branches } = makeAcme();
    repositories.create({ owner: 'acme', name: 'site' });

    branches.push('acme/site', {
      branch: 'trunk',
      commits: [{ files: { a: '1' } }],
    });

    expect(repositories.get('acme/site').defaultBranch).toBe('trunk');
  });
});
