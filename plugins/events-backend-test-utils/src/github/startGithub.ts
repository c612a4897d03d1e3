import { askGithub, makeJwt, readText } from './askGithub';
import { GithubServer, type GithubServerOptions } from './GithubServer';

export const catalogInfo = 'kind: Component\n';

const running: GithubServer[] = [];

/** Stops all that were started. */
export async function stopGithub(): Promise<void> {
  await Promise.all(running.splice(0).map(each => each.stop()));
}

/** A GitHub with one repository, and an app that is installed there and has it. */
export async function startGithub(options: GithubServerOptions = {}) {
  const github = new GithubServer({
    tokens: { personal: 'hubot' },
    ...options,
  });
  running.push(github);
  const { model } = github;
  model.addUser('hubot', 'Hubot');
  model.addOrganization('acme');
  const { apiBaseUrl, origin } = await github.start();
  const repository = model.repositories.create({
    owner: 'acme',
    name: 'site',
    visibility: 'private',
    files: { 'catalog-info.yaml': catalogInfo, 'docs/a b.md': 'x' },
  });
  const { app, privateKey } = model.addApp({ slug: 'callboard' });
  const installation = model.installations.create({
    appId: app.id,
    account: 'acme',
    repositories: ['acme/site'],
  });
  const jwt = makeJwt(app.id, privateKey, model.state.now());
  const ask = (path: string, token = 'personal', headers = {}) =>
    askGithub(`${apiBaseUrl}${path}`, { token, headers });
  const makeToken = async (body: object = {}) => {
    const answer = await askGithub(
      `${apiBaseUrl}/app/installations/${installation.id}/access_tokens`,
      { token: jwt, method: 'POST', body },
    );
    return { ...answer, token: readText(answer.body, 'token') };
  };
  return {
    github,
    model,
    ...model,
    repository,
    app,
    privateKey,
    jwt,
    installation,
    apiBaseUrl,
    origin,
    ask,
    makeToken,
  };
}
