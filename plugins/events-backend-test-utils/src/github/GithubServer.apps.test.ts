import { askGithub, makeJwt } from './askGithub';
import { GithubModel } from './model/GithubModel';
import { startGithub, stopGithub } from './startGithub';

afterEach(stopGithub);

describe('apps', () => {
  it('show themselves and their installations to their own tokens only', async () => {
    const { app, jwt, installation, ask } = await startGithub();

    expect(await ask('/app', jwt)).toMatchObject({
      body: { id: app.id, slug: 'callboard', installations_count: 1 },
    });
    const shown = { id: installation.id, account: { login: 'acme' } };
    expect(await ask('/app/installations', jwt)).toMatchObject({
      body: [shown],
    });
    expect(await ask('/orgs/acme/installation', jwt)).toMatchObject({
      body: shown,
    });
    expect(await ask('/app')).toMatchObject({ status: 401 });
  });

  it('are refused with a key that is not theirs, and when it is too late', async () => {
    const { model, app, privateKey, ask } = await startGithub();
    const another = model.addApp({ slug: 'another' });

    expect(
      await ask('/app', makeJwt(app.id, another.privateKey)),
    ).toMatchObject({
      status: 401,
      body: { message: 'A JSON web token could not be decoded' },
    });
    expect(await ask('/app', makeJwt(app.id, privateKey, 0))).toMatchObject({
      status: 401,
      body: { message: expect.stringContaining("('exp')") },
    });
  });

  it('see the private repositories of an installation, and no others', async () => {
    const { repositories, installations, installation, ask, makeToken } =
      await startGithub();
    const visibility = 'private';
    repositories.create({ owner: 'acme', name: 'hidden', visibility });
    const { token, status, body } = await makeToken();

    expect(status).toBe(201);
    expect(body).toMatchObject({ repository_selection: 'selected' });
    expect(await ask('/installation/repositories', token)).toMatchObject({
      body: { total_count: 1, repositories: [{ name: 'site' }] },
    });
    expect(await ask('/repos/acme/site', token)).toMatchObject({ status: 200 });
    expect(await ask('/repos/acme/hidden', token)).toMatchObject({
      status: 404,
    });

    installations.addRepositories(installation.id, ['acme/hidden']);
    expect(await ask('/repos/acme/hidden', token)).toMatchObject({
      status: 200,
    });
    const limited = await makeToken({ repositories: ['hidden'] });
    expect(await ask('/repos/acme/site', limited.token)).toMatchObject({
      status: 404,
    });
  });

  it('see every public repository, but are given those of the installation only', async () => {
    const { model, repositories, ask, makeToken } = await startGithub();
    model.addOrganization('other');
    repositories.create({ owner: 'acme', name: 'public' });
    repositories.create({ owner: 'other', name: 'public' });
    repositories.create({
      owner: 'acme',
      name: 'internal',
      visibility: 'internal',
    });
    const { token } = await makeToken();

    for (const path of ['/repos/acme/public', '/repos/other/public']) {
      expect(await ask(path, token)).toMatchObject({ status: 200 });
    }
    expect(await ask('/repos/acme/internal', token)).toMatchObject({
      status: 404,
    });
    const listed = await ask('/orgs/acme/repos?sort=full_name', token);
    expect(listed.body).toMatchObject([{ name: 'public' }, { name: 'site' }]);
    expect(await ask('/installation/repositories', token)).toMatchObject({
      body: { total_count: 1, repositories: [{ name: 'site' }] },
    });
  });

  it('have tokens that end after an hour, or with the installation', async () => {
    let nowMs = Date.now();
    const model = new GithubModel({ now: () => nowMs });
    const { installations, installation, ask, makeToken } = await startGithub({
      model,
    });
    const { token } = await makeToken();
    const read = async (each: string) =>
      (await ask('/repos/acme/site', each)).status;

    expect(await read(token)).toBe(200);
    nowMs += 3_600_000;
    expect(await read(token)).toBe(401);

    nowMs -= 3_600_000;
    installations.suspend(installation.id);
    expect(await read(token)).toBe(403);
    installations.unsuspend(installation.id);
    expect(await read(token)).toBe(200);
    installations.delete(installation.id);
    expect(await read(token)).toBe(401);
  });

  it('get no tokens while the installation is suspended, or after it', async () => {
    const { installations, installation, jwt, origin, ask, makeToken } =
      await startGithub();
    const { token } = await makeToken();
    const query = () =>
      askGithub(`${origin}/api/graphql`, {
        method: 'POST',
        token,
        body: { query: '{ viewer { login } }' },
      });
    const suspended = {
      status: 403,
      body: { message: 'This installation has been suspended' },
    };

    installations.suspend(installation.id);
    expect(await makeToken()).toMatchObject(suspended);
    expect(await query()).toMatchObject(suspended);
    expect(await ask('/orgs/acme/installation', jwt)).toMatchObject({
      body: { suspended_by: { login: 'ghost' } },
    });
    installations.delete(installation.id);
    expect(await makeToken()).toMatchObject({ status: 404 });
    expect(await query()).toMatchObject({ status: 401 });
    expect(await ask('/orgs/acme/installation', jwt)).toMatchObject({
      status: 404,
    });
  });

  it('lose what is private and transferred away', async () => {
    const { model, repository, repositories, ask, makeToken } =
      await startGithub();
    model.addOrganization('other');
    const { token } = await makeToken();
    repositories.transfer('acme/site', 'other');

    for (const path of [
      '/repos/acme/site',
      '/repos/other/site',
      `/repositories/${repository.id}`,
    ]) {
      expect(await ask(path, token)).toMatchObject({ status: 404 });
    }
    expect(await ask('/repos/acme/site')).toMatchObject({ status: 301 });
  });
});
