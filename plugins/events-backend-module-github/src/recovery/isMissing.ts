import { GithubError } from '@callboard/backstage-plugin-github-node';

/** Whether something failed because GitHub says that there is no such thing. */
export function isMissing(error: unknown): boolean {
  return error instanceof GithubError && error.kind === 'missing';
}
