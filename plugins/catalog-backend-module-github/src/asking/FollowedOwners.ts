import type {
  GithubClient,
  GithubInstallation,
  GithubService,
} from '@callboard/backstage-plugin-github-node';
import type { ProviderSettings } from '../settings';

/** How long installations of an app are believed, in milliseconds. */
const freshMs = 60_000;
/**
 * How long it is believed that an app is not installed, in milliseconds, by whoever asks again in case of doubt: GitHub's
 * replicas lag.
 */
const absentMs = 500;

/** An organization or a user whose repositories a provider follows. */
export interface FollowedOwner {
  login: string;
  isSuspended: boolean;
}

type OwnersService = Pick<
  GithubService,
  'findInstallation' | 'forOwner' | 'listInstallations'
>;

/** Whose repositories a provider follows, and the credentials for them. */
export class FollowedOwners {
  readonly #github: OwnersService;
  readonly #settings: ProviderSettings;
  #listed: { installations: GithubInstallation[]; untilMs: number } | undefined;
  /** What GitHub said of owners that were not listed. */
  #asked = new Map<string, { isFollowed: boolean; atMs: number }>();

  constructor(github: OwnersService, settings: ProviderSettings) {
    this.#github = github;
    this.#settings = settings;
  }

  /**
   * All who are followed. Of those who have suspended the app nothing can be asked.
   *
   * @throws GithubError when the app cannot be asked
   */
  async list(signal: AbortSignal): Promise<FollowedOwner[]> {
    const { source } = this.#settings;
    if (source.kind === 'owner') {
      return [{ login: source.login, isSuspended: false }];
    }
    const installations = await this.#listInstallations(source.appId, signal);
    return installations
      .filter(({ owner }) => this.isAllowed(owner))
      .map(({ owner, isSuspended }) => ({ login: owner, isSuspended }));
  }

  /** Whether somebody may be followed, by what is configured. */
  isAllowed(owner: string): boolean {
    const { source } = this.#settings;
    const login = owner.toLowerCase();
    return source.kind === 'owner'
      ? source.login.toLowerCase() === login
      : source.allowedOwners?.includes(login) ?? true;
  }

  /**
   * Whether somebody is followed. An owner who is not in the list of installations is asked for by name: a list may have
   * gaps, and be older than what a webhook tells.
   *
   * @param options.isRough - whether an answer may be a minute old that says no: webhooks may come from many who are not
   *   followed, and GitHub is not to be asked for each
   * @throws GithubError when GitHub cannot tell
   */
  async isFollowed(
    owner: string,
    signal: AbortSignal,
    { isRough = false }: { isRough?: boolean } = {},
  ): Promise<boolean> {
    const { source, host } = this.#settings;
    const login = owner.toLowerCase();
    const isAllowed = this.isAllowed(owner);
    if (source.kind === 'owner' || !isAllowed) {
      return isAllowed;
    }
    const nowMs = Date.now();
    const isListed = this.#listed?.installations.some(
      each => each.owner.toLowerCase() === login,
    );
    if (isListed && this.#listed && this.#listed.untilMs > nowMs) {
      return true;
    }
    // What was asked before is of no use when it is forgotten meanwhile.
    const asked = this.#asked;
    const known = asked.get(login);
    const believedMs = known?.isFollowed || isRough ? freshMs : absentMs;
    if (known && nowMs - known.atMs < believedMs) {
      return known.isFollowed;
    }
    const installation = await this.#github.findInstallation({
      host,
      appId: source.appId,
      owner,
      signal,
    });
    if (asked.size > 1_000) {
      asked.clear();
    }
    const isFollowed = installation !== undefined;
    asked.set(login, { isFollowed, atMs: Date.now() });
    return isFollowed;
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

  /** Forgets who has installed the app, when GitHub says that it has changed. */
  forget(): void {
    this.#listed = undefined;
    this.#asked = new Map();
  }

  async #listInstallations(
    appId: number,
    signal: AbortSignal,
  ): Promise<GithubInstallation[]> {
    const { host } = this.#settings;
    const installations = await this.#github.listInstallations({
      host,
      appId,
      signal,
    });
    this.#listed = { installations, untilMs: Date.now() + freshMs };
    return installations;
  }
}
