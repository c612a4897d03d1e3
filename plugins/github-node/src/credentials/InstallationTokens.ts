import {
  GithubAppCredentialsMux,
  type GithubAppConfig,
  type GithubIntegrationConfig,
} from '@backstage/integration';
import { waitWithin } from '../asking/waitWithin';
import type { RateBudget } from '../budget';
import { GithubError } from '../GithubError';

/**
 * Tokens of the installations of one app, as Backstage makes and keeps them.
 *
 * @remarks
 * Backstage looks for an installation of any app of a host, and does not say which one it found; limits are counted for
 * each. So each app has a provider of its own.
 */
export class InstallationTokens {
  readonly appId: number;
  /** Of the app itself, which makes the tokens. */
  readonly budget: RateBudget;
  readonly #integration: GithubIntegrationConfig;
  readonly #app: GithubAppConfig;
  readonly #timeLimitMs: number;
  /** Owners for whom Backstage may have a token, so that GitHub need not be asked. */
  readonly #known = new Set<string>();
  /** Owners for whom the app is installed, or was. */
  readonly #installedFor = new Set<string>();
  readonly #pending = new Map<string, Promise<string | undefined>>();
  #installed: GithubAppCredentialsMux;
  #public: GithubAppCredentialsMux | undefined;

  /** @param options.timeLimitMs - for a token, in milliseconds; Backstage itself waits for five minutes */
  constructor(options: {
    integration: GithubIntegrationConfig;
    app: GithubAppConfig;
    budget: RateBudget;
    timeLimitMs: number;
  }) {
    const { integration, app, budget, timeLimitMs } = options;
    this.appId = app.appId;
    this.budget = budget;
    this.#integration = integration;
    this.#app = app;
    this.#timeLimitMs = timeLimitMs;
    this.#installed = this.#createProvider({ publicAccess: false });
    this.#public = app.publicAccess
      ? this.#createProvider({ publicAccess: true })
      : undefined;
  }

  /**
   * Gets a token for an owner.
   *
   * @param owner - in lower case, by which Backstage keeps it
   *
   * @returns undefined if the app is not installed there, or not to be used for it
   *
   * @throws if the installation is suspended, or GitHub gives none
   */
  async get(owner: string): Promise<string | undefined> {
    // Backstage asks once for each that comes before the first token is there.
    const pending = this.#pending.get(owner);
    if (pending) {
      return pending;
    }
    this.#checkBudget(owner);
    const token = this.#wait(() => this.#installed.getAppToken(owner));
    this.#pending.set(owner, token);
    try {
      const found = await token;
      this.#known.add(owner);
      if (found) {
        this.noteInstalled(owner);
      }
      return found;
    } catch (error) {
      this.#known.delete(owner);
      throw error;
    } finally {
      if (this.#pending.get(owner) === token) {
        this.#pending.delete(owner);
      }
    }
  }

  /**
   * Notes that the app is installed for an owner, unless it is configured not to be used there.
   *
   * @param owner - in lower case
   */
  noteInstalled(owner: string): void {
    const allowed = this.#app.allowedInstallationOwners;
    if (!allowed || allowed.some(each => each.toLowerCase() === owner)) {
      this.#installedFor.add(owner);
    }
  }

  /**
   * Whether the app is installed for an owner, or was at any time since this process started.
   *
   * @param owner - in lower case
   */
  wasInstalled(owner: string): boolean {
    return this.#installedFor.has(owner);
  }

  /**
   * Whether the app is installed for an owner now, as one that is suspended is, too.
   *
   * @param owner - in lower case
   *
   * @throws if GitHub does not tell
   */
  async isInstalled(owner: string): Promise<boolean> {
    const installations = await this.#wait(() =>
      this.#installed.getAllInstallations(),
    );
    const isInstalled = installations.some(
      ({ account }) =>
        account && 'login' in account && account.login.toLowerCase() === owner,
    );
    if (isInstalled) {
      this.noteInstalled(owner);
    }
    return isInstalled;
  }

  /**
   * Gets a token for what is public, of any owner, if the app is configured for that.
   *
   * @param owner - whose repositories are to be read
   *
   * @returns with the owner of the installation that it belongs to, whose limits are used; undefined if there is none
   */
  async getPublic(
    owner: string,
  ): Promise<{ token: string; owner: string | undefined } | undefined> {
    const provider = this.#public;
    const token =
      provider && (await this.#wait(() => provider.getAppToken(owner)));
    if (!token) {
      return undefined;
    }
    // Backstage takes the first.
    const [first] = await this.#wait(() => provider.getAllInstallations());
    const account = first?.account;
    return {
      token,
      owner: account && 'login' in account ? account.login : undefined,
    };
  }

  /** Forgets all tokens: one was refused before its time, as when the app was installed anew. */
  forget(): void {
    this.#pending.clear();
    this.#known.clear();
    this.#installed = this.#createProvider({ publicAccess: false });
    this.#public &&= this.#createProvider({ publicAccess: true });
  }

  #checkBudget(owner: string): void {
    const retryAfterMs = this.#known.has(owner)
      ? 0
      : this.budget.readWaitMs('core', 0);
    if (retryAfterMs > 0) {
      throw new GithubError(
        'limited',
        `The rate limit of GitHub for the app ${this.appId} is used up, so there is no token for ${owner}`,
        { retryAfterMs },
      );
    }
  }

  #wait<T>(action: () => Promise<T>): Promise<T> {
    const ms = this.#timeLimitMs;
    const describe = () => {
      // Whoever comes next would wait for the same answer.
      this.forget();
      return new GithubError(
        'unavailable',
        `GitHub gave the app ${this.appId} no token within ${ms} ms`,
      );
    };
    return waitWithin({ timeLimit: { ms, describe } }, action);
  }

  #createProvider(options: { publicAccess: boolean }): GithubAppCredentialsMux {
    return new GithubAppCredentialsMux({
      ...this.#integration,
      apps: [{ ...this.#app, ...options }],
    });
  }
}
