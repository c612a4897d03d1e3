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
 * Users see every repository, whoever is anonymous the public ones, installations those that they were given and
 * nothing else.
 */
export function canSee(
  viewer: Viewer,
  repository: GithubRepository,
  state: GithubState,
): boolean {
  switch (viewer.kind) {
    case 'user':
      return true;
    case 'installation': {
      const { installation, repositoryIds } = viewer;
      return (
        state.hasAccess(installation, repository) &&
        (!repositoryIds || repositoryIds.has(repository.id))
      );
    }
    case 'anonymous':
      return repository.visibility === 'public';
    default:
      return false;
  }
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
