import type { RateBudget } from '../budget';

/**
 * As whom GitHub is asked:
 *
 * - `app`: an app itself, or an app that is installed for the owner who is asked about. It sees what the owner has granted.
 * - `token`: the token of the host, or an app that may be used for all that is public, with an installation of somebody
 *   else. What is private may not be there for it.
 *
 * @public
 */
export type GithubAskedAs = 'app' | 'token';

/** As whom GitHub is asked, and on whose budget. */
export interface GithubCredentials {
  token: string;
  kind: GithubAskedAs;
  budget: RateBudget;
  /** Has the token made anew; undefined if that cannot be. */
  forget?: () => void;
}

/** Gets credentials for each request, since tokens end. */
export interface CredentialsSource {
  /** Whose they are, in words. */
  readonly description: string;
  /**
   * @throws GithubError if there are none, with a remedy, or they cannot be had now; or the reason of the signal
   */
  get(signal: AbortSignal | undefined): Promise<GithubCredentials>;
}
