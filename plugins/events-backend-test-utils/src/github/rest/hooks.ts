import { notFound } from '../ApiError';
import type { GithubHook } from '../model/records';
import { renderHook, renderHookConfig } from '../model/renderHook';
import { isGiven } from '../viewers';
import { getApp } from './apps';
import { getRepository, paginate, type RestCall, type Route } from './router';

/** Where hooks are that organizations and repositories have. They are for users, and for apps that are installed there. */
export const hookPlaces: readonly {
  path: string;
  list(call: RestCall): GithubHook[];
}[] = [
  {
    path: '/orgs/:login/hooks',
    list(call) {
      const { state } = call.github;
      const account = state.findAccount(call.params.login);
      const mayRead =
        call.viewer.kind === 'user' ||
        (call.viewer.kind === 'installation' &&
          call.viewer.installation.accountId === account?.id);
      return listHooks(call, mayRead ? account?.id : undefined);
    },
  },
  {
    path: '/repos/:owner/:repo/hooks',
    list(call) {
      const { viewer, github } = call;
      const repository = getRepository(call);
      const mayRead =
        viewer.kind === 'user' ||
        (viewer.kind === 'installation' &&
          isGiven(viewer, repository, github.state));
      return listHooks(call, mayRead ? repository.id : undefined);
    },
  },
];

/**
 * The hooks of apps, organizations and repositories.
 *
 * @see https://docs.github.com/en/rest/orgs/webhooks
 * @see https://docs.github.com/en/rest/repos/webhooks
 */
export const hookRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/app/hook/config',
    answer: call => ({ body: renderHookConfig(getAppHook(call)) }),
  },
  ...hookPlaces.flatMap(({ path, list }): Route[] => [
    {
      method: 'GET',
      pattern: path,
      answer(call) {
        const { page, headers } = paginate(call, list(call));
        return { body: page.map(hook => render(call, hook)), headers };
      },
    },
    {
      method: 'GET',
      pattern: `${path}/:hook`,
      answer: call => ({ body: render(call, getHook(call, list)) }),
    },
    {
      method: 'GET',
      pattern: `${path}/:hook/config`,
      answer: call => ({ body: renderHookConfig(getHook(call, list)) }),
    },
    {
      method: 'POST',
      pattern: `${path}/:hook/pings`,
      answer(call) {
        call.github.model.ping(getHook(call, list));
        return { status: 204, body: undefined };
      },
    },
  ]),
];

/** @throws ApiError unless an app asks that has one */
export function getAppHook(call: RestCall): GithubHook {
  const { hook } = getApp(call);
  if (!hook) {
    throw notFound();
  }
  return hook;
}

/** @throws ApiError unless there is the hook that the path names */
export function getHook(
  call: RestCall,
  list: (call: RestCall) => GithubHook[],
): GithubHook {
  const hook = list(call).find(({ id }) => String(id) === call.params.hook);
  if (!hook) {
    throw notFound();
  }
  return hook;
}

function listHooks(
  { github: { state } }: RestCall,
  targetId: number | undefined,
): GithubHook[] {
  if (targetId === undefined) {
    throw notFound();
  }
  return [...state.hooks.values()].filter(hook => hook.targetId === targetId);
}

function render({ github: { state } }: RestCall, hook: GithubHook) {
  return renderHook(hook, state);
}
