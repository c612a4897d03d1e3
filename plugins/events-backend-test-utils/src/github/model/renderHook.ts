import type { PingEvent } from '@octokit/webhooks-types';
import type { GithubState } from './GithubState';
import type { GithubHook } from './records';
import { renderTime } from './renderRepository';

const types = {
  integration: 'App',
  organization: 'Organization',
  repository: 'Repository',
} as const;

/** A hook as webhooks and the REST API tell it. */
export function renderHook(
  hook: GithubHook,
  state: GithubState,
): PingEvent['hook'] {
  const { id, targetType, targetId, events } = hook;
  const url = renderUrl(hook, state);
  const isOfRepository = targetType === 'repository';
  return {
    type: types[targetType],
    id,
    name: 'web',
    active: true,
    ...(targetType === 'integration' && { app_id: targetId }),
    events: events.some(each => each === '*')
      ? ['*']
      : events.flatMap(each => (each === '*' ? [] : each)),
    config: renderHookConfig(hook),
    updated_at: renderTime(hook.createdMs),
    created_at: renderTime(hook.createdMs),
    url,
    ping_url: `${url}/pings`,
    deliveries_url: `${url}/deliveries`,
    ...(isOfRepository && {
      test_url: `${url}/test`,
      last_response: { code: null, status: 'unused', message: null },
    }),
  };
}

/** Where a hook sends to, without its secret. */
export function renderHookConfig({ url }: GithubHook) {
  return {
    content_type: 'json' as const,
    insecure_ssl: '0' as const,
    secret: '********',
    url,
  };
}

function renderUrl(
  { id, targetType, targetId }: GithubHook,
  state: GithubState,
): string {
  const { api } = state.urls;
  const repository = state.findRepositoryById(targetId);
  switch (targetType) {
    case 'integration':
      return `${api}/app/hook`;
    case 'organization':
      return `${api}/orgs/${state.getAccount(targetId).login}/hooks/${id}`;
    default:
      return repository
        ? `${api}/repos/${state.fullNameOf(repository)}/hooks/${id}`
        : `${api}/repositories/${targetId}/hooks/${id}`;
  }
}
