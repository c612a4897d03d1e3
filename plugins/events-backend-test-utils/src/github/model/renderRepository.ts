import type { Repository } from '@octokit/webhooks-types';
import type { GithubAccount, GithubRepository } from './records';
import { noreplyAddress, renderUser, type GithubUrls } from './renderAccount';

/** A repository as all events but pushes, and the REST API, tell it. */
export function renderRepository(
  repository: GithubRepository,
  owner: GithubAccount,
  urls: GithubUrls,
): Repository {
  const { id, name, description, homepage, visibility } = repository;
  const fullName = `${owner.login}/${name}`;
  return {
    id,
    node_id: repository.nodeId,
    name,
    full_name: fullName,
    private: visibility !== 'public',
    owner: renderUser(owner, urls),
    html_url: `${urls.web}/${fullName}`,
    description,
    fork: repository.isFork,
    ...renderApiUrls(`${urls.api}/repos/${fullName}`),
    created_at: renderTime(repository.createdMs),
    updated_at: renderTime(repository.updatedMs),
    pushed_at: renderTime(repository.pushedMs),
    ...renderCloneUrls(fullName, urls),
    homepage,
    size: 0,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: true,
    has_downloads: true,
    has_wiki: true,
    has_pages: false,
    has_discussions: false,
    forks_count: 0,
    mirror_url: null,
    archived: repository.isArchived,
    disabled: false,
    open_issues_count: 0,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [...repository.topics],
    visibility,
    forks: 0,
    open_issues: 0,
    watchers: 0,
    default_branch: repository.defaultBranch,
    custom_properties: {},
  };
}

/** A repository as pushes tell it: times are numbers, the URL is that of its page, and the owner has an address. */
export function renderPushedRepository(
  repository: GithubRepository,
  owner: GithubAccount,
  urls: GithubUrls,
): Repository {
  const rendered = renderRepository(repository, owner, urls);
  const isOrganization = owner.type === 'Organization';
  return {
    ...rendered,
    owner: {
      ...rendered.owner,
      name: owner.login,
      email: isOrganization ? null : noreplyAddress(owner),
    },
    url: rendered.html_url,
    created_at: Math.floor(repository.createdMs / 1000),
    pushed_at: Math.floor(repository.pushedMs / 1000),
    stargazers: 0,
    master_branch: repository.defaultBranch,
    ...(isOrganization && { organization: owner.login }),
  };
}

/** A time as GitHub writes it: without milliseconds. */
export function renderTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

function renderApiUrls(url: string) {
  return {
    url,
    forks_url: `${url}/forks`,
    keys_url: `${url}/keys{/key_id}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    teams_url: `${url}/teams`,
    hooks_url: `${url}/hooks`,
    issue_events_url: `${url}/issues/events{/number}`,
    events_url: `${url}/events`,
    assignees_url: `${url}/assignees{/user}`,
    branches_url: `${url}/branches{/branch}`,
    tags_url: `${url}/tags`,
    blobs_url: `${url}/git/blobs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    trees_url: `${url}/git/trees{/sha}`,
    statuses_url: `${url}/statuses/{sha}`,
    languages_url: `${url}/languages`,
    stargazers_url: `${url}/stargazers`,
    contributors_url: `${url}/contributors`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    commits_url: `${url}/commits{/sha}`,
    git_commits_url: `${url}/git/commits{/sha}`,
    comments_url: `${url}/comments{/number}`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    contents_url: `${url}/contents/{+path}`,
    compare_url: `${url}/compare/{base}...{head}`,
    merges_url: `${url}/merges`,
    archive_url: `${url}/{archive_format}{/ref}`,
    downloads_url: `${url}/downloads`,
    issues_url: `${url}/issues{/number}`,
    pulls_url: `${url}/pulls{/number}`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    labels_url: `${url}/labels{/name}`,
    releases_url: `${url}/releases{/id}`,
    deployments_url: `${url}/deployments`,
  };
}

function renderCloneUrls(fullName: string, { web }: GithubUrls) {
  const { host, hostname } = new URL(web);
  return {
    git_url: `git://${host}/${fullName}.git`,
    ssh_url: `git@${hostname}:${fullName}.git`,
    clone_url: `${web}/${fullName}.git`,
    svn_url: `${web}/${fullName}`,
  };
}
