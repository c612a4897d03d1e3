import type {
  InstallationEvent,
  InstallationRepositoriesEvent,
  Organization,
  Repository,
  User,
} from '@octokit/webhooks-types';
import type { GithubState } from './GithubState';
import { makeInstallationNodeId } from './nodeIds';
import type { GithubMessage, GithubWebhook } from './payloads';
import type {
  GithubAccount,
  GithubEventName,
  GithubHook,
  GithubInstallation,
  GithubRepository,
} from './records';
import { renderOrganization, renderUser } from './renderAccount';
import { renderHook } from './renderHook';
import { renderRepository } from './renderRepository';

/** What the payloads of a repository's events have in common. */
export interface CommonPayload {
  repository: Repository;
  sender: User;
  organization?: Organization;
  /** Only for the hook of an app. */
  installation?: { id: number; node_id: string };
}

/** Tells each hook that GitHub would send something to what it would be sent. */
export class WebhookAnnouncer {
  readonly #state: GithubState;
  readonly #listeners = new Set<(webhook: GithubWebhook) => void>();

  constructor(state: GithubState) {
    this.#state = state;
  }

  /** @returns what ends it */
  subscribe(listener: (webhook: GithubWebhook) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Announces what happened to a repository: to the apps that are installed on its owner, have this repository and are
   * subscribed, and to the hooks of the owner and of the repository.
   *
   * @param makeMessages - makes the events, in their order, for one hook
   */
  announce(
    repository: GithubRepository,
    sender: GithubAccount,
    makeMessages: (common: CommonPayload) => GithubMessage[],
  ): void {
    const { urls } = this.#state;
    const owner = this.#state.getAccount(repository.ownerId);
    for (const { hook, installation } of this.#findHooks(repository)) {
      const messages = makeMessages({
        repository: renderRepository(repository, owner, urls),
        ...(owner.type === 'Organization' && {
          organization: renderOrganization(owner, urls),
        }),
        sender: renderUser(sender, urls),
        ...(installation && {
          installation: {
            id: installation.id,
            node_id: makeInstallationNodeId(installation.id),
          },
        }),
      });
      for (const message of messages) {
        if (this.#isSubscribed(hook, message.event)) {
          this.#tell({
            ...message,
            hook,
            installationId: installation?.id,
            repositoryId: repository.id,
          });
        }
      }
    }
  }

  /**
   * Tells an app what happened to its installation; no app has to subscribe to that. What a suspended one has is not
   * told.
   */
  announceInstallation(
    { id, appId, suspended }: GithubInstallation,
    message:
      | { event: 'installation'; payload: InstallationEvent }
      | {
          event: 'installation_repositories';
          payload: InstallationRepositoriesEvent;
        },
  ): void {
    const { hook } = this.#state.getApp(appId);
    if (hook && !(suspended && message.event === 'installation_repositories')) {
      this.#tell({
        ...message,
        hook,
        installationId: id,
        repositoryId: undefined,
      });
    }
  }

  /** Tells a hook that it is there. */
  announcePing(hook: GithubHook, sender: GithubAccount): void {
    const { urls } = this.#state;
    const repository =
      hook.targetType === 'repository'
        ? this.#state.findRepositoryById(hook.targetId)
        : undefined;
    const organization =
      hook.targetType === 'organization'
        ? this.#state.findAccountById(hook.targetId)
        : undefined;
    this.#tell({
      event: 'ping',
      payload: {
        zen: 'Keep it logically awesome.',
        hook_id: hook.id,
        hook: renderHook(hook, this.#state),
        ...(repository && {
          repository: renderRepository(
            repository,
            this.#state.getAccount(repository.ownerId),
            urls,
          ),
        }),
        ...(organization && {
          organization: renderOrganization(organization, urls),
        }),
        sender: renderUser(sender, urls),
      },
      hook,
      installationId: undefined,
      repositoryId: repository?.id,
    });
  }

  #tell(webhook: GithubWebhook): void {
    this.#listeners.forEach(listener => listener(webhook));
  }

  *#findHooks(repository: GithubRepository): Generator<{
    hook: GithubHook;
    installation?: GithubInstallation;
  }> {
    for (const installation of this.#state.installations.values()) {
      const { hook } = this.#state.getApp(installation.appId);
      if (
        hook &&
        !installation.suspended &&
        this.#state.hasAccess(installation, repository)
      ) {
        yield { hook, installation };
      }
    }
    for (const hook of this.#state.hooks.values()) {
      const targetId =
        hook.targetType === 'organization' ? repository.ownerId : repository.id;
      if (hook.targetId === targetId) {
        yield { hook };
      }
    }
  }

  #isSubscribed({ events }: GithubHook, event: GithubEventName): boolean {
    return events.some(each => each === '*' || each === event);
  }
}
