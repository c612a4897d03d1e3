import type { Installation } from '@octokit/webhooks-types';
import type { GithubState } from './GithubState';
import type {
  GithubAccount,
  GithubInstallation,
  GithubRepository,
} from './records';
import { renderUser } from './renderAccount';
import { renderTime } from './renderRepository';

/** An installation as webhooks and the REST API tell it. */
export function renderInstallation(
  installation: GithubInstallation,
  state: GithubState,
): Installation {
  const { id, appId, accountId, suspended } = installation;
  const { urls } = state;
  const app = state.getApp(appId);
  const account = state.getAccount(accountId);
  const settings =
    account.type === 'Organization'
      ? `organizations/${account.login}/settings`
      : 'settings';
  return {
    id,
    account: renderUser(account, urls),
    repository_selection: installation.selection,
    access_tokens_url: `${urls.api}/app/installations/${id}/access_tokens`,
    repositories_url: `${urls.api}/installation/repositories`,
    html_url: `${urls.web}/${settings}/installations/${id}`,
    app_id: app.id,
    app_slug: app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: app.permissions,
    events: [...app.events],
    created_at: renderTime(installation.createdMs),
    updated_at: renderTime(installation.updatedMs),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: suspended
      ? renderUser(state.getAccount(suspended.byId), urls)
      : null,
    suspended_at: suspended ? renderTime(suspended.atMs) : null,
  };
}

/** A repository as the events of installations list it. */
export function renderRepositoryName(
  repository: GithubRepository,
  owner: GithubAccount,
) {
  const { id, name, visibility } = repository;
  return {
    id,
    node_id: repository.nodeId,
    name,
    full_name: `${owner.login}/${name}`,
    private: visibility !== 'public',
  };
}
