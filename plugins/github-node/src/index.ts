/**
 * Asks GitHub, within its rate limits.
 *
 * @packageDocumentation
 */
export type { GithubQueryError } from './asking/classifyQueryErrors';
export type { GithubAskedAs } from './credentials';
export type { GithubClient } from './GithubClient';
export { GithubError, type GithubErrorKind } from './GithubError';
export { GithubService, type GithubInstallation } from './GithubService';
export { githubServiceRef } from './githubServiceRef';
