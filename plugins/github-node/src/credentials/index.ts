export { AppCredentials } from './AppCredentials';
export type {
  CredentialsSource,
  GithubAskedAs,
  GithubCredentials,
} from './GithubCredentials';
export { GithubHost } from './GithubHost';
export { OwnerCredentials } from './OwnerCredentials';
