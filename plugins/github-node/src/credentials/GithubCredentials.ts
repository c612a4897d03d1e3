import type { RateBudget } from '../budget';

/** As whom GitHub is asked, and on whose budget. */
export interface GithubCredentials {
  token: string;
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
