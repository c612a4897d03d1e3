export { AppCredentials } from './AppCredentials';
export type {
  CredentialsSource,
  GithubAskedAs,
  GithubCredentials,
} from './GithubCredentials';
export { GithubHost } from './GithubHost';
export { isAllowedOwner } from './isAllowedOwner';
export { OwnerCredentials } from './OwnerCredentials';
