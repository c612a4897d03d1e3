import type {
  GithubClient,
  GithubService,
} from '@callboard/backstage-plugin-github-node';
import type { ProviderSettings } from '../settings';

/** How long installations of an app are believed, in milliseconds. */
const freshMs = 60_000;

/** Whose repositories a provider follows, and the credentials for them. */
export class FollowedOwners {
  readonly #github: GithubService;
  readonly #settings: ProviderSettings;
  #installed: { logins: string[]; untilMs: number } | undefined;

  constructor(github: GithubService, settings: ProviderSettings) {
    this.#github = github;
    this.#settings = settings;
  }

  /**
   * The logins of all of them.
   *
   * @param options.anew - asks GitHub for the installations of an app, although they are known
   * @throws GithubError when the app cannot be asked
   */
  async list(
    signal: AbortSignal,
    { anew = false }: { anew?: boolean } = {},
  ): Promise<readonly string[]> {
    const { source, host } = this.#settings;
    if (source.kind === 'owner') {
      return [source.login];
    }
    if (anew || !this.#installed || this.#installed.untilMs < Date.now()) {
      const installations = await this.#github.listInstallations({
        host,
        appId: source.appId,
        signal,
      });
      this.#installed = {
        logins: installations.map(({ owner }) => owner),
        untilMs: Date.now() + freshMs,
      };
    }
    return this.#installed.logins;
  }

  /** Asks GitHub with what an owner has granted. */
  askFor(owner: string): GithubClient {
    const { source, host } = this.#settings;
    return this.#github.forOwner({
      host,
      owner,
      ...(source.kind === 'app' && { appId: source.appId }),
    });
  }

  /** Forgets the installations, when GitHub says that they have changed. */
  forget(): void {
    this.#installed = undefined;
  }
}
