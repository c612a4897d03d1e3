import type { Organization, User } from '@octokit/webhooks-types';
import { makeNodeId } from './nodeIds';
import type { GithubAccount } from './records';

/**
 * Where this GitHub is.
 *
 * @public
 */
export interface GithubUrls {
  /** Of its pages, without a slash at the end. */
  readonly web: string;
  /** Of its REST API. */
  readonly api: string;
}

/** Which GitHub Enterprise Server it says it is. */
export const enterpriseVersion = '3.18.0';

/** The web is the origin, and the API where a GitHub Enterprise Server has it. */
export function makeUrls(origin: string): GithubUrls {
  return { web: origin, api: `${origin}/api/v3` };
}

/** An account as an owner, a sender or a member, which organizations can be too. */
export function renderUser(account: GithubAccount, urls: GithubUrls): User {
  const { id, login, type } = account;
  const url = `${urls.api}/users/${login}`;
  return {
    login,
    id,
    node_id: makeNodeId(type, id),
    avatar_url: `${urls.web}/avatars/u/${id}?v=4`,
    gravatar_id: '',
    url,
    html_url: `${urls.web}/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type,
    site_admin: false,
  };
}

/** An organization as webhooks tell it. */
export function renderOrganization(
  account: GithubAccount,
  urls: GithubUrls,
): Organization {
  const { id, login, type } = account;
  const url = `${urls.api}/orgs/${login}`;
  return {
    login,
    id,
    node_id: makeNodeId(type, id),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${urls.web}/avatars/u/${id}?v=4`,
    description: null,
  };
}

/** The address that GitHub commits with when a user keeps the own one secret. */
export function noreplyAddress({ id, login }: GithubAccount): string {
  return `${id}+${login}@users.noreply.github.com`;
}
