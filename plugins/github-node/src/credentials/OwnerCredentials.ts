import { waitWithin } from '../asking/waitWithin';
import type { Budgets } from '../budget';
import { GithubError } from '../GithubError';
import { explainRefusal } from './explainRefusal';
import type {
  CredentialsSource,
  GithubAskedAs,
  GithubCredentials,
} from './GithubCredentials';
import type { GithubHost } from './GithubHost';
import type { InstallationTokens } from './InstallationTokens';

/**
 * What Backstage has for an owner, in Backstage's order: an installation of an app, an app that may be used for all that
 * is public, the token of the host.
 *
 * What is private may not be there for those that come later, and who asks would take it for deleted. So they are not used
 * in the place of an app that fails, nor of one that was installed for the owner while this process ran.
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
    const installed = await this.#findInstalled(failures);
    if (installed) {
      return installed;
    }
    throwWorst(failures);
    if (this.#appId === undefined && this.#host.wasInstalled(this.#owner)) {
      throw new GithubError(
        'refused',
        `There are no credentials of ${
          this.description
        } any more: an app of integrations.github[].apps[] was installed there, and is not now. What else is configured may not see what is private, so it is not used. Install the app there again${
          this.#hasWeaker() ? ', or restart the portal to go on without it' : ''
        }`,
      );
    }
    const publicOnly = await this.#findPublic(failures);
    if (publicOnly) {
      return publicOnly;
    }
    throwWorst(failures);
    const token = this.#findToken();
    if (token) {
      return token;
    }
    const remedy =
      this.#appId === undefined
        ? 'See whether the name is spelled right; install an app of integrations.github[].apps[] there, or set integrations.github[].token'
        : `See whether the name is spelled right, and install the app ${
            this.#appId
          } there`;
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
            return this.#bill('app', tokens, token, this.#owner);
          }
        } catch (error) {
          const failure = explainRefusal(
            error,
            this.description,
            tokens.budget,
          );
          if (await this.#mayBeInstalled(tokens, failure)) {
            throw failure;
          }
          failures.push(failure);
        }
      }
    }
    return undefined;
  }

  /** An app that is of no use at all, such as one with a wrong key, does not keep others from being used. */
  async #mayBeInstalled(
    tokens: InstallationTokens,
    { kind }: GithubError,
  ): Promise<boolean> {
    if (kind !== 'refused' || tokens.wasInstalled(this.#owner)) {
      return true;
    }
    try {
      return await tokens.isInstalled(this.#owner);
    } catch (error) {
      const failure = explainRefusal(error, this.description, tokens.budget);
      return failure.kind !== 'refused';
    }
  }

  #hasWeaker(): boolean {
    const { token, apps = [] } = this.#host.integration;
    return Boolean(token) || apps.some(({ publicAccess }) => publicAccess);
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
          return this.#bill('token', tokens, found.token, found.owner);
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
    return {
      token,
      kind: 'token',
      budget: this.#budgets.ofToken(name, token),
    };
  }

  #bill(
    kind: GithubAskedAs,
    tokens: InstallationTokens,
    token: string,
    installedOn: string | undefined,
  ): GithubCredentials {
    const { name } = this.#host;
    return {
      token,
      kind,
      budget: this.#budgets.ofInstallation(name, tokens.appId, installedOn),
      forget: () => tokens.forget(),
    };
  }
}

/** What may pass is worth waiting for. */
function throwWorst(failures: readonly GithubError[]): void {
  if (failures.length > 0) {
    throw failures.find(({ kind }) => kind !== 'refused') ?? failures[0];
  }
}
