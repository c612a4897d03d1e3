import type { GithubState } from './GithubState';
import type {
  GithubDoer,
  GithubInstallation,
  GithubRepository,
} from './records';
import { renderUser } from './renderAccount';
import { renderInstallation, renderRepositoryName } from './renderInstallation';
import { renderTime } from './renderRepository';
import type { WebhookAnnouncer } from './WebhookAnnouncer';

/**
 * What people do with the installations of apps. Each operation sends the webhooks that GitHub sends.
 *
 * @public
 */
export class Installations {
  readonly #state: GithubState;
  readonly #announcer: WebhookAnnouncer;

  /** @internal */
  constructor(state: GithubState, announcer: WebhookAnnouncer) {
    this.#state = state;
    this.#announcer = announcer;
  }

  /** @throws if there is none with that number */
  get(id: number): GithubInstallation {
    return this.#state.getInstallation(id);
  }

  /**
   * Installs an app.
   *
   * @param options.account - the login of an organization or a user
   * @param options.repositories - full names; all of the account, those of the future too, unless given
   *
   * @throws if it is installed there
   */
  create(
    options: {
      appId: number;
      account: string;
      repositories?: string[];
    } & GithubDoer,
  ): GithubInstallation {
    const { appId, account, repositories, sender } = options;
    const { id: accountId } = this.#state.getAccount(account);
    const others = [...this.#state.installations.values()];
    if (others.some(i => i.appId === appId && i.accountId === accountId)) {
      throw new Error(`The app ${appId} is installed on ${account}`);
    }
    const nowMs = this.#state.now();
    const installation = this.#put({
      id: this.#state.makeId(),
      appId: this.#state.getApp(appId).id,
      accountId,
      selection: repositories ? 'selected' : 'all',
      repositoryIds: this.#idsOf(repositories ?? []),
      createdMs: nowMs,
      updatedMs: nowMs,
      suspended: undefined,
    });
    this.#announcer.announceInstallation(installation, {
      event: 'installation',
      payload: {
        action: 'created',
        installation: this.#render(installation),
        repositories: this.#listNames(installation),
        sender: this.#renderSender(sender),
      },
    });
    return installation;
  }

  /** Uninstalls the app: its tokens are void from then on. */
  delete(id: number, { sender }: GithubDoer = {}): void {
    const installation = this.get(id);
    this.#state.installations.delete(id);
    this.#announcer.announceInstallation(installation, {
      event: 'installation',
      payload: {
        action: 'deleted',
        installation: this.#render(installation),
        repositories: this.#listNames(installation),
        sender: this.#renderSender(sender),
      },
    });
  }

  /** Until the end of that its tokens are refused, and it gets no events of repositories. */
  suspend(id: number, { sender }: GithubDoer = {}): GithubInstallation {
    const by = this.#state.getSender(sender);
    const atMs = this.#state.now();
    const installation = this.#put({
      ...this.get(id),
      suspended: { byId: by.id, atMs },
    });
    this.#announcer.announceInstallation(installation, {
      event: 'installation',
      payload: {
        action: 'suspend',
        installation: {
          ...this.#render(installation),
          suspended_by: renderUser(by, this.#state.urls),
          suspended_at: renderTime(atMs),
        },
        sender: this.#renderSender(sender),
      },
    });
    return installation;
  }

  unsuspend(id: number, { sender }: GithubDoer = {}): GithubInstallation {
    const installation = this.#put({ ...this.get(id), suspended: undefined });
    this.#announcer.announceInstallation(installation, {
      event: 'installation',
      payload: {
        action: 'unsuspend',
        installation: {
          ...this.#render(installation),
          suspended_by: null,
          suspended_at: null,
        },
        sender: this.#renderSender(sender),
      },
    });
    return installation;
  }

  /**
   * Gives some more repositories to an installation that has some only.
   *
   * @param repositories - full names
   */
  addRepositories(
    id: number,
    repositories: string[],
    { sender }: GithubDoer = {},
  ): GithubInstallation {
    const before = this.#getSelected(id);
    const added = this.#idsOf(repositories);
    const repositoryIds = new Set([...before.repositoryIds, ...added]);
    return this.#select(
      before,
      { selection: 'selected', repositoryIds },
      sender,
    );
  }

  /**
   * Takes some repositories from an installation that has some only.
   *
   * @param repositories - full names
   */
  removeRepositories(
    id: number,
    repositories: string[],
    { sender }: GithubDoer = {},
  ): GithubInstallation {
    const before = this.#getSelected(id);
    const removed = this.#idsOf(repositories);
    const repositoryIds = new Set(
      [...before.repositoryIds].filter(each => !removed.has(each)),
    );
    return this.#select(
      before,
      { selection: 'selected', repositoryIds },
      sender,
    );
  }

  /**
   * Gives an installation all repositories of its account, or some only.
   *
   * @param repositories - full names, or `all`
   */
  selectRepositories(
    id: number,
    repositories: string[] | 'all',
    { sender }: GithubDoer = {},
  ): GithubInstallation {
    const selection =
      repositories === 'all'
        ? { selection: 'all' as const, repositoryIds: new Set<number>() }
        : {
            selection: 'selected' as const,
            repositoryIds: this.#idsOf(repositories),
          };
    return this.#select(this.get(id), selection, sender);
  }

  /**
   * Takes a repository that was deleted or transferred out of all selections. Installations that have all repositories
   * of their account are not told: they are told of the repository itself, or of nothing.
   *
   * @param repository - as it was before
   *
   * @internal
   */
  forgetRepository(
    repository: GithubRepository,
    sender: string | undefined,
  ): void {
    for (const installation of this.#state.installations.values()) {
      const repositoryIds = new Set(installation.repositoryIds);
      if (repositoryIds.delete(repository.id)) {
        const updated = this.#put({ ...installation, repositoryIds });
        this.#announceSelection(updated, 'removed', [repository], sender);
      }
    }
  }

  #select(
    before: GithubInstallation,
    selection: Pick<GithubInstallation, 'selection' | 'repositoryIds'>,
    sender: string | undefined,
  ): GithubInstallation {
    const had = this.#state.listAccessible(before);
    const installation = this.#put({ ...before, ...selection });
    const has = this.#state.listAccessible(installation);
    const added = has.filter(each => !had.includes(each));
    const removed = had.filter(each => !has.includes(each));
    this.#announceSelection(installation, 'added', added, sender);
    this.#announceSelection(installation, 'removed', removed, sender);
    return installation;
  }

  #announceSelection(
    installation: GithubInstallation,
    action: 'added' | 'removed',
    repositories: readonly GithubRepository[],
    sender: string | undefined,
  ): void {
    if (repositories.length === 0) {
      return;
    }
    const common = {
      installation: this.#render(installation),
      repository_selection: installation.selection,
      requester: null,
      sender: this.#renderSender(sender),
    };
    const names = repositories.map(each => this.#renderName(each));
    this.#announcer.announceInstallation(installation, {
      event: 'installation_repositories',
      payload:
        action === 'added'
          ? {
              ...common,
              action,
              repositories_added: names,
              repositories_removed: [],
            }
          : {
              ...common,
              action,
              repositories_added: [],
              repositories_removed: names,
            },
    });
  }

  #put(installation: GithubInstallation): GithubInstallation {
    const updatedMs = this.#state.now();
    const updated = { ...installation, updatedMs };
    this.#state.installations.set(updated.id, updated);
    return updated;
  }

  #getSelected(id: number): GithubInstallation {
    const installation = this.get(id);
    if (installation.selection === 'all') {
      throw new Error(`The installation ${id} has all repositories`);
    }
    return installation;
  }

  #idsOf(fullNames: string[]): Set<number> {
    return new Set(fullNames.map(name => this.#state.getRepository(name).id));
  }

  #listNames(installation: GithubInstallation) {
    return this.#state
      .listAccessible(installation)
      .map(each => this.#renderName(each));
  }

  #renderName(repository: GithubRepository) {
    const owner = this.#state.getAccount(repository.ownerId);
    return renderRepositoryName(repository, owner);
  }

  #render(installation: GithubInstallation) {
    return renderInstallation(installation, this.#state);
  }

  #renderSender(sender: string | undefined) {
    return renderUser(this.#state.getSender(sender), this.#state.urls);
  }
}
