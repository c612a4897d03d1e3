import type { GithubState } from './GithubState';
import type { GithubAccount, GithubDoer, GithubInstallation } from './records';
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

  /** @param repositories - full names */
  addRepositories(
    id: number,
    repositories: string[],
    { sender }: GithubDoer = {},
  ): GithubInstallation {
    const before = this.#getSelected(id);
    const added = this.#idsOf(repositories);
    const installation = this.#put({
      ...before,
      repositoryIds: new Set([...before.repositoryIds, ...added]),
    });
    this.#announcer.announceInstallation(installation, {
      event: 'installation_repositories',
      payload: {
        action: 'added',
        installation: this.#render(installation),
        repository_selection: 'selected',
        repositories_added: this.#namesOf(repositories),
        repositories_removed: [],
        requester: null,
        sender: this.#renderSender(sender),
      },
    });
    return installation;
  }

  /** @param repositories - full names */
  removeRepositories(
    id: number,
    repositories: string[],
    { sender }: GithubDoer = {},
  ): GithubInstallation {
    const before = this.#getSelected(id);
    const removed = this.#idsOf(repositories);
    const installation = this.#put({
      ...before,
      repositoryIds: new Set(
        [...before.repositoryIds].filter(each => !removed.has(each)),
      ),
    });
    this.#announcer.announceInstallation(installation, {
      event: 'installation_repositories',
      payload: {
        action: 'removed',
        installation: this.#render(installation),
        repository_selection: 'selected',
        repositories_added: [],
        repositories_removed: this.#namesOf(repositories),
        requester: null,
        sender: this.#renderSender(sender),
      },
    });
    return installation;
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

  #namesOf(fullNames: string[]) {
    return fullNames.map(fullName => {
      const repository = this.#state.getRepository(fullName);
      return renderRepositoryName(repository, this.#ownerOf(repository));
    });
  }

  #listNames(installation: GithubInstallation) {
    return this.#state
      .listAccessible(installation)
      .map(repository =>
        renderRepositoryName(repository, this.#ownerOf(repository)),
      );
  }

  #ownerOf({ ownerId }: { ownerId: number }): GithubAccount {
    return this.#state.getAccount(ownerId);
  }

  #render(installation: GithubInstallation) {
    return renderInstallation(installation, this.#state);
  }

  #renderSender(sender: string | undefined) {
    return renderUser(this.#state.getSender(sender), this.#state.urls);
  }
}
