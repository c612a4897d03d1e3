import type { GithubState } from './model/GithubState';
import type {
  GithubAccount,
  GithubApp,
  GithubInstallation,
  GithubRepository,
} from './model/records';

/** On whose behalf a request comes. */
export type Viewer =
  | { kind: 'anonymous' }
  | { kind: 'user'; account: GithubAccount }
  | { kind: 'app'; app: GithubApp }
  | {
      kind: 'installation';
      app: GithubApp;
      installation: GithubInstallation;
      /** Numbers of repositories that the token is limited to. */
      repositoryIds: ReadonlySet<number> | undefined;
    };

/**
 * Users see every repository, apps none, and everybody else the public ones. Installations see those that they were given
 * too: so what was taken from one, or went to another owner, can still be read as long as it is public.
 */
export function canSee(
  viewer: Viewer,
  repository: GithubRepository,
  state: GithubState,
): boolean {
  switch (viewer.kind) {
    case 'user':
      return true;
    case 'installation':
      return (
        repository.visibility === 'public' || isGiven(viewer, repository, state)
      );
    case 'anonymous':
      return repository.visibility === 'public';
    default:
      return false;
  }
}

/** Whether a token of an installation was made for a repository. */
export function isGiven(
  { installation, repositoryIds }: Extract<Viewer, { kind: 'installation' }>,
  repository: GithubRepository,
  state: GithubState,
): boolean {
  return (
    state.hasAccess(installation, repository) &&
    (!repositoryIds || repositoryIds.has(repository.id))
  );
}

/** Who shares a rate limit, in GitHub's words. */
export function nameViewer(viewer: Viewer): string {
  switch (viewer.kind) {
    case 'user':
      return `user ID ${viewer.account.id}`;
    case 'app':
      return `app ID ${viewer.app.id}`;
    case 'installation':
      return `installation ID ${viewer.installation.id}`;
    default:
      return '127.0.0.1';
  }
}
