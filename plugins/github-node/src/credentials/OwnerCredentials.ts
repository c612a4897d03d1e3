import { waitWithin } from '../asking/waitWithin';
import type { Budgets } from '../budget';
import { GithubError } from '../GithubError';
import { explainRefusal } from './explainRefusal';
import type { CredentialsSource, GithubCredentials } from './GithubCredentials';
import type { GithubHost } from './GithubHost';
import type { InstallationTokens } from './InstallationTokens';

/**
 * What Backstage has for an owner, in Backstage's order: an installation of an app, an app that may be used for all that
 * is public, the token of the host.
 */
export class OwnerCredentials implements CredentialsSource {
  readonly description: string;
  readonly #host: GithubHost;
  readonly #owner: string;
  readonly #appId: number | undefined;
  readonly #budgets: Budgets;

  /** @param options.appId - the only app that is asked for credentials, if it is given */
  constructor(options: {
    host: GithubHost;
    owner: string;
    appId: number | undefined;
    budgets: Budgets;
  }) {
    const { host, owner, appId, budgets } = options;
    this.#host = host;
    this.#owner = owner.toLowerCase();
    this.#appId = appId;
    this.#budgets = budgets;
    this.description = `${owner} on ${host.name}`;
  }

  async get(signal: AbortSignal | undefined): Promise<GithubCredentials> {
    return waitWithin({ signal }, () => this.#find());
  }

  async #find(): Promise<GithubCredentials> {
    const failures: GithubError[] = [];
    const credentials =
      (await this.#findInstalled(failures)) ??
      (await this.#findPublic(failures));
    if (credentials) {
      return credentials;
    }
    if (failures.length > 0) {
      // What may pass is worth waiting for.
      throw failures.find(({ kind }) => kind !== 'refused') ?? failures[0];
    }
    const token = this.#findToken();
    if (token) {
      return token;
    }
    const remedy =
      this.#appId === undefined
        ? 'Install an app of integrations.github[].apps[] there, or set integrations.github[].token'
        : `Install the app ${this.#appId} there`;
    throw new GithubError(
      'refused',
      `There are no credentials of ${this.description}. ${remedy}`,
    );
  }

  async #findInstalled(
    failures: GithubError[],
  ): Promise<GithubCredentials | undefined> {
    for (const tokens of this.#host.installationTokens) {
      if (this.#appId === undefined || this.#appId === tokens.appId) {
        try {
          const token = await tokens.get(this.#owner);
          if (token) {
            return this.#bill(tokens, token, this.#owner);
          }
        } catch (error) {
          failures.push(explainRefusal(error, this.description, tokens.budget));
        }
      }
    }
    return undefined;
  }

  async #findPublic(
    failures: GithubError[],
  ): Promise<GithubCredentials | undefined> {
    if (this.#appId !== undefined) {
      return undefined;
    }
    for (const tokens of this.#host.installationTokens) {
      try {
        const found = await tokens.getPublic(this.#owner);
        if (found) {
          return this.#bill(tokens, found.token, found.owner);
        }
      } catch (error) {
        failures.push(explainRefusal(error, this.description, tokens.budget));
      }
    }
    return undefined;
  }

  #findToken(): GithubCredentials | undefined {
    const { name, integration } = this.#host;
    const { token } = integration;
    if (!token || this.#appId !== undefined) {
      return undefined;
    }
    return { token, budget: this.#budgets.ofToken(name, token) };
  }

  #bill(
    tokens: InstallationTokens,
    token: string,
    installedOn: string | undefined,
  ): GithubCredentials {
    const { name } = this.#host;
    return {
      token,
      budget: this.#budgets.ofInstallation(name, tokens.appId, installedOn),
      forget: () => tokens.forget(),
    };
  }
}
