import { ApiError, notFound, suspended } from '../ApiError';
import { makeNodeId } from '../model/nodeIds';
import type {
  GithubAccount,
  GithubApp,
  GithubInstallation,
  GithubRepository,
} from '../model/records';
import { renderUser } from '../model/renderAccount';
import { renderInstallation } from '../model/renderInstallation';
import { renderTime } from '../model/renderRepository';
import { isGiven } from '../viewers';
import { renderOne } from './repositories';
import { paginate, type RestAnswer, type RestCall, type Route } from './router';

/** Apps, their installations, and the tokens of those. */
export const appRoutes: readonly Route[] = [
  { method: 'GET', pattern: '/app', answer: answerApp },
  {
    method: 'GET',
    pattern: '/app/installations',
    answer(call) {
      const { page, headers } = paginate(call, listInstallations(call));
      return { body: page.map(each => render(call, each)), headers };
    },
  },
  {
    method: 'GET',
    pattern: '/app/installations/:id',
    answer: call => ({ body: render(call, getInstallation(call)) }),
  },
  {
    method: 'POST',
    pattern: '/app/installations/:id/access_tokens',
    answer: answerToken,
  },
  {
    method: 'GET',
    pattern: '/orgs/:login/installation',
    answer: call => answerInstallationOf(call, findAccount(call)),
  },
  {
    method: 'GET',
    pattern: '/users/:login/installation',
    answer: call => answerInstallationOf(call, findAccount(call)),
  },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repo/installation',
    answer: answerInstallationOfRepository,
  },
  {
    method: 'GET',
    pattern: '/installation/repositories',
    answer: answerRepositories,
  },
];

/** @throws ApiError unless an app asks with a token that it signed */
export function getApp({ viewer }: RestCall): GithubApp {
  if (viewer.kind !== 'app') {
    throw new ApiError(401, 'A JSON web token could not be decoded');
  }
  return viewer.app;
}

function answerApp(call: RestCall): RestAnswer {
  const app = getApp(call);
  const { state } = call.github;
  return {
    body: {
      id: app.id,
      slug: app.slug,
      node_id: makeNodeId('App', app.id),
      client_id: app.clientId,
      owner: renderUser(state.getSender(), state.urls),
      name: app.name,
      description: null,
      external_url: state.urls.web,
      html_url: `${state.urls.web}/apps/${app.slug}`,
      created_at: renderTime(app.createdMs),
      updated_at: renderTime(app.createdMs),
      permissions: app.permissions,
      events: app.events,
      installations_count: listInstallations(call).length,
    },
  };
}

function listInstallations(call: RestCall): GithubInstallation[] {
  const app = getApp(call);
  return [...call.github.state.installations.values()].filter(
    ({ appId }) => appId === app.id,
  );
}

function getInstallation(call: RestCall): GithubInstallation {
  const installation = listInstallations(call).find(
    ({ id }) => String(id) === call.params.id,
  );
  if (!installation) {
    throw notFound();
  }
  return installation;
}

function render({ github: { state } }: RestCall, each: GithubInstallation) {
  return renderInstallation(each, state);
}

function findAccount({ github: { state }, params }: RestCall) {
  return state.findAccount(params.login);
}

function answerInstallationOf(
  call: RestCall,
  account: GithubAccount | undefined,
): RestAnswer {
  const installation = listInstallations(call).find(
    ({ accountId }) => accountId === account?.id,
  );
  if (!installation) {
    throw notFound();
  }
  return { body: render(call, installation) };
}

function answerInstallationOfRepository(call: RestCall): RestAnswer {
  const { state } = call.github;
  const { owner, repo } = call.params;
  const repository = state.findRepository(`${owner}/${repo}`);
  const installation = listInstallations(call).find(
    each => repository && state.hasAccess(each, repository),
  );
  if (!installation) {
    throw notFound();
  }
  return { body: render(call, installation) };
}

/**
 * Gives a token for all repositories of the installation, or for some of them, which the body names.
 *
 * @see https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
 */
function answerToken(call: RestCall): RestAnswer {
  const { state, tokens } = call.github;
  const installation = getInstallation(call);
  if (installation.suspended) {
    throw suspended();
  }
  const chosen = chooseRepositories(call, installation);
  const { token, expiresMs } = tokens.create(
    installation,
    chosen && new Set(chosen.map(({ id }) => id)),
  );
  return {
    status: 201,
    body: {
      token,
      expires_at: renderTime(expiresMs),
      permissions: state.getApp(installation.appId).permissions,
      repository_selection: chosen ? 'selected' : installation.selection,
      ...(chosen && {
        repositories: chosen.map(each => renderOne(call, each)),
      }),
    },
  };
}

function chooseRepositories(
  { github: { state }, body }: RestCall,
  installation: GithubInstallation,
): GithubRepository[] | undefined {
  const { repositories: names = [], repository_ids: ids = [] } = body;
  if (!Array.isArray(names) || !Array.isArray(ids)) {
    throw new ApiError(422, 'Invalid request.');
  }
  if (names.length + ids.length === 0) {
    return undefined;
  }
  const chosen = state
    .listAccessible(installation)
    .filter(({ id, name }) => names.includes(name) || ids.includes(id));
  if (chosen.length < names.length + ids.length) {
    throw new ApiError(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    );
  }
  return chosen;
}

function answerRepositories(call: RestCall): RestAnswer {
  const { state } = call.github;
  const { viewer } = call;
  if (viewer.kind !== 'installation') {
    throw new ApiError(
      403,
      'You must authenticate with an installation access token in order to list repositories for an installation.',
    );
  }
  const repositories = state
    .listAccessible(viewer.installation)
    .filter(repository => isGiven(viewer, repository, state));
  const { page, headers } = paginate(call, repositories);
  return {
    body: {
      total_count: repositories.length,
      repository_selection: viewer.repositoryIds
        ? 'selected'
        : viewer.installation.selection,
      repositories: page.map(each => renderOne(call, each)),
    },
    headers,
  };
}
