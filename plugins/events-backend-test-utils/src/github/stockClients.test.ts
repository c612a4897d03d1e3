import { UrlReaders } from '@backstage/backend-defaults/urlReader';
import { mockServices } from '@backstage/backend-test-utils';
import {
  GithubAppCredentialsMux,
  ScmIntegrations,
  SingleInstanceGithubCredentialsProvider,
} from '@backstage/integration';
import { graphql } from '@octokit/graphql';
import { GithubServer } from './GithubServer';

const catalogInfo = 'kind: Component\n';
const running: GithubServer[] = [];

afterEach(() => Promise.all(running.splice(0).map(each => each.stop())));

/** A GitHub as Backstage is configured for it, by an app that has one of two repositories. */
async function startPortal() {
  const github = new GithubServer();
  running.push(github);
  const { model } = github;
  model.addOrganization('acme');
  const { app, privateKey } = model.addApp({ slug: 'callboard' });
  const { host, origin, apiBaseUrl } = await github.start();
  const files = {
    'catalog-info.yaml': catalogInfo,
    'docs/index.md': '# Docs',
    [`docs/${'long/'.repeat(30)}name.md`]: 'long',
  };
  for (const name of ['site', 'hidden']) {
    const visibility = 'private';
    model.repositories.create({ owner: 'acme', name, visibility, files });
  }
  const installation = model.installations.create({
    appId: app.id,
    account: 'acme',
    repositories: ['acme/site'],
  });
  const config = mockServices.rootConfig({
    data: {
      integrations: {
        github: [
          {
            host,
            apiBaseUrl,
            apps: [
              {
                appId: app.id,
                clientId: app.clientId,
                clientSecret: 'unused',
                webhookSecret: 'unused',
                privateKey,
              },
            ],
          },
        ],
      },
    },
  });
  const integration = ScmIntegrations.fromConfig(config).github.byHost(host);
  if (!integration) {
    throw new Error(`There is no integration for ${host}`);
  }
  return {
    github,
    model,
    installation,
    origin,
    apiBaseUrl,
    integration: integration.config,
    reader: UrlReaders.default({ config, logger: mockServices.logger.mock() }),
  };
}

describe('what Backstage reads GitHub with', () => {
  it('finds the installations of its app, and gets tokens for them', async () => {
    const { integration, installation, origin } = await startPortal();
    const provider =
      SingleInstanceGithubCredentialsProvider.create(integration);

    expect(
      await new GithubAppCredentialsMux(integration).getAllInstallations(),
    ).toMatchObject([{ id: installation.id, account: { login: 'acme' } }]);
    expect(
      await provider.getCredentials({ url: `${origin}/acme/site` }),
    ).toMatchObject({
      type: 'app',
      token: expect.stringMatching(/^ghs_/),
    });
    await expect(
      provider.getCredentials({ url: `${origin}/acme/hidden` }),
    ).rejects.toThrow('does not have access to a repository');
  });

  it('queries at the place that Octokit makes of the base URL', async () => {
    const { integration, origin, apiBaseUrl } = await startPortal();
    const provider =
      SingleInstanceGithubCredentialsProvider.create(integration);
    const { headers } = await provider.getCredentials({
      url: `${origin}/acme`,
    });
    const client = graphql.defaults({ baseUrl: apiBaseUrl, headers });

    expect(
      await client(
        `query ($org: String!) { repositoryOwner(login: $org) {
          repositories(first: 25) { nodes { name } } } viewer { login } }`,
        { org: 'acme' },
      ),
    ).toEqual({
      repositoryOwner: { repositories: { nodes: [{ name: 'site' }] } },
      viewer: { login: 'callboard[bot]' },
    });
    await expect(
      client('{ organization(login: "missing") { login } }'),
    ).rejects.toThrow(
      "Could not resolve to an Organization with the login of 'missing'.",
    );
  });

  it('reads files, and knows those that have not changed', async () => {
    const { reader, model, origin } = await startPortal();
    const url = `${origin}/acme/site/blob/main/catalog-info.yaml`;

    const { buffer, etag } = await reader.readUrl(url);
    expect((await buffer()).toString()).toBe(catalogInfo);
    await expect(reader.readUrl(url, { etag })).rejects.toMatchObject({
      name: 'NotModifiedError',
    });
    model.branches.push('acme/site', {
      commits: [{ files: { 'catalog-info.yaml': null } }],
    });
    await expect(reader.readUrl(url)).rejects.toMatchObject({
      name: 'NotFoundError',
    });
  });

  it('searches by patterns, and reads whole trees', async () => {
    const { reader, model, origin } = await startPortal();
    const { files, etag } = await reader.search(
      `${origin}/acme/site/blob/main/**/*.yaml`,
    );

    expect(files.map(({ url }) => url)).toEqual([
      `${origin}/acme/site/blob/main/catalog-info.yaml`,
    ]);
    expect((await files[0].content()).toString()).toBe(catalogInfo);
    expect(etag).toBe(
      model.repositories.get('acme/site').git.branches.get('main'),
    );
    const tree = await reader.readTree(`${origin}/acme/site/tree/main/docs`);
    const paths = (await tree.files()).map(({ path }) => path);
    expect(paths.sort()).toEqual(['index.md', `${'long/'.repeat(30)}name.md`]);
  });
});
