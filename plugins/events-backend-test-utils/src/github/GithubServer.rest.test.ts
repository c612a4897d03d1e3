import { askGithub } from './askGithub';
import { catalogInfo, startGithub, stopGithub } from './startGithub';

afterEach(stopGithub);

describe('REST of repositories', () => {
  it('redirects from a former name to the number', async () => {
    const { repositories, repository, ask, apiBaseUrl } = await startGithub();
    repositories.rename('acme/site', 'www');

    const moved = await ask('/repos/acme/site/contents/docs?ref=main');
    const location = `${apiBaseUrl}/repositories/${repository.id}/contents/docs?ref=main`;
    expect(moved).toMatchObject({ status: 301, body: { url: location } });
    expect(moved.headers.get('location')).toBe(location);

    const found = await ask(location.slice(apiBaseUrl.length));
    expect(found).toMatchObject({ status: 200, body: [{ name: 'a b.md' }] });
    expect(await ask(`/repositories/${repository.id}`)).toMatchObject({
      body: {
        full_name: 'acme/www',
        html_url: expect.stringMatching('/acme/www'),
      },
    });
  });

  it('answers 404 for what is not there, and for what may not be seen', async () => {
    const { ask, apiBaseUrl } = await startGithub();

    expect(await ask('/repos/acme/missing')).toMatchObject({
      status: 404,
      body: { message: 'Not Found' },
    });
    expect(await askGithub(`${apiBaseUrl}/repos/acme/site`)).toMatchObject({
      status: 404,
    });
    expect(await ask('/repos/acme/site', 'wrong')).toMatchObject({
      status: 401,
      body: { message: 'Bad credentials' },
    });
  });

  it('says what it has no route for', async () => {
    const { ask } = await startGithub();

    expect(await ask('/repos/acme/site/issues')).toMatchObject({
      status: 501,
      body: {
        message:
          'This GitHub on localhost has no route for GET /api/v3/repos/acme/site/issues',
      },
    });
  });

  it('lists them in pages', async () => {
    const { repositories, ask } = await startGithub();
    repositories.create({ owner: 'acme', name: 'blog' });
    repositories.create({ owner: 'acme', name: 'docs' });

    const first = await ask('/orgs/acme/repos?sort=full_name&per_page=2');
    expect(first.body).toMatchObject([{ name: 'blog' }, { name: 'docs' }]);
    const link = first.headers.get('link') ?? '';
    expect(link).toMatch(/<[^>]+[?&]page=2>; rel="next"/);

    const second = await ask(
      '/orgs/acme/repos?sort=full_name&per_page=2&page=2',
    );
    expect(second.body).toMatchObject([{ name: 'site' }]);
    expect(second.headers.get('link')).toContain('rel="prev"');
    expect(second.headers.get('link')).not.toContain('rel="next"');
  });

  it('links pages by the numbers of owners and repositories', async () => {
    const { repositories, branches, repository, model, apiBaseUrl, ask } =
      await startGithub();
    repositories.create({ owner: 'acme', name: 'blog' });
    branches.push('acme/site', { branch: 'next' });
    const { id } = model.state.getAccount('acme');

    for (const [path, place] of [
      ['/orgs/acme/repos', `/organizations/${id}/repos`],
      ['/repos/acme/site/branches', `/repositories/${repository.id}/branches`],
    ]) {
      const first = await ask(`${path}?per_page=1`);
      const next = `${apiBaseUrl}${place}?per_page=1&page=2`;
      expect(first.headers.get('link')).toContain(`<${next}>; rel="next"`);
      const second = await ask(next.slice(apiBaseUrl.length));
      expect(second.body).toMatchObject([{ name: expect.any(String) }]);
      expect(second.body).not.toEqual(first.body);
    }
  });
});

describe('REST of accounts', () => {
  it('shows users and organizations, and what they own', async () => {
    const { repositories, ask } = await startGithub();
    repositories.create({ owner: 'hubot', name: 'dotfiles' });
    repositories.create({
      owner: 'hubot',
      name: 'diary',
      visibility: 'private',
    });

    expect(await ask('/users/HUBOT')).toMatchObject({
      body: { login: 'hubot', name: 'Hubot', type: 'User', public_repos: 1 },
    });
    expect(await ask('/users/hubot/repos')).toMatchObject({
      body: [{ full_name: 'hubot/dotfiles', owner: { login: 'hubot' } }],
    });
    expect(await ask('/orgs/acme')).toMatchObject({
      body: { login: 'acme', type: 'Organization', public_repos: 0 },
    });
    expect(await ask('/orgs/hubot')).toMatchObject({ status: 404 });
    expect(await ask('/users/missing')).toMatchObject({ status: 404 });
  });
});

describe('REST of git', () => {
  it('gives files as JSON and as they are', async () => {
    const { ask } = await startGithub();
    const path = '/repos/acme/site/contents/catalog-info.yaml';

    expect(await ask(path)).toMatchObject({
      body: {
        type: 'file',
        encoding: 'base64',
        size: catalogInfo.length,
        content: `${Buffer.from(catalogInfo).toString('base64')}\n`,
      },
    });
    const raw = await ask(`${path}?ref=main`, 'personal', {
      accept: 'application/vnd.github.v3.raw',
    });
    expect(raw.body).toBe(catalogInfo);
    expect(await ask('/repos/acme/site/contents/docs/a%20b.md')).toMatchObject({
      body: { path: 'docs/a b.md' },
    });
    expect(await ask(`${path}?ref=missing`)).toMatchObject({
      status: 404,
      body: { message: 'No commit found for the ref missing' },
    });
  });

  it('lists trees, and says when there is more', async () => {
    const { ask } = await startGithub({ maxTreeEntries: 2 });

    expect(await ask('/repos/acme/site/git/trees/main')).toMatchObject({
      body: {
        truncated: false,
        tree: [
          { path: 'catalog-info.yaml', type: 'blob', mode: '100644' },
          { path: 'docs', type: 'tree', mode: '040000' },
        ],
      },
    });
    expect(
      await ask('/repos/acme/site/git/trees/main?recursive=1'),
    ).toMatchObject({ body: { truncated: true } });
  });

  it('shows blobs, branches, commits and comparisons', async () => {
    const { branches, ask } = await startGithub();
    const { before, after } = branches.push('acme/site', {
      branch: 'feature/x',
      sender: 'hubot',
      commits: [
        {
          message: 'Move',
          files: { 'docs/a b.md': null, moved: 'x', new: '1\n2\n' },
        },
      ],
    });
    const oid = after?.oid;
    expect(before).toBeUndefined();

    expect(
      await ask(
        '/repos/acme/site/git/blobs/ce013625030ba8dba906f756967f9e9ca394464a',
      ),
    ).toMatchObject({ status: 404 });
    expect(await ask('/repos/acme/site/branches/feature/x')).toMatchObject({
      body: { name: 'feature/x', commit: { sha: oid } },
    });
    expect(await ask(`/repos/acme/site/commits/${oid}`)).toMatchObject({
      body: {
        sha: oid,
        author: { login: 'hubot' },
        stats: { additions: 2, deletions: 0 },
        files: [
          {
            filename: 'moved',
            status: 'renamed',
            previous_filename: 'docs/a b.md',
          },
          { filename: 'new', status: 'added', additions: 2 },
        ],
      },
    });
    expect(
      await ask('/repos/acme/site/commits/feature%2Fx/status'),
    ).toMatchObject({ body: { sha: oid, repository: { name: 'site' } } });
    expect(
      await ask('/repos/acme/site/compare/main...feature/x'),
    ).toMatchObject({
      body: {
        status: 'ahead',
        ahead_by: 1,
        behind_by: 0,
        commits: [{ sha: oid }],
        files: [{ filename: 'moved' }, { filename: 'new' }],
      },
    });
  });

  it('charges nothing for what has not changed', async () => {
    const { github, repositories, ask } = await startGithub();
    const path = '/repos/acme/site';
    const first = await ask(path);
    const known = { 'if-none-match': first.headers.get('etag') ?? '' };

    const again = await ask(path, 'personal', known);
    expect(again).toMatchObject({ status: 304, body: '' });
    expect(again.headers.get('x-ratelimit-used')).toBe('1');

    repositories.edit('acme/site', { description: 'Changed' });
    expect(await ask(path, 'personal', known)).toMatchObject({ status: 200 });
    expect(github.requestCounts).toMatchObject({
      requests: 3,
      notModified: 1,
      restCost: 2,
      byKind: { 'GET /repos/:owner/:repo': 3 },
    });
    github.resetRequestCounts();
    expect(github.requestCounts.requests).toBe(0);
  });
});
