import type { RepositoryEditedEvent } from '@octokit/webhooks-types';
import type { Branches } from './Branches';
import type { GithubState } from './GithubState';
import { GitStore } from './GitStore';
import { makeNodeId } from './nodeIds';
import type { GithubMessage } from './payloads';
import type { GithubDoer, GithubRepository, GithubVisibility } from './records';
import { renderOrganization, renderUser } from './renderAccount';
import type { CommonPayload, WebhookAnnouncer } from './WebhookAnnouncer';

/** @public */
export interface GithubRepositoryInput extends GithubDoer {
  /** The login of its owner. */
  owner: string;
  name: string;
  description?: string;
  topics?: string[];
  isFork?: boolean;
  /** `public` unless given. */
  visibility?: GithubVisibility;
  /** `main` unless given. */
  defaultBranch?: string;
  /** Contents by paths, which are pushed as a first commit. Without any it has no branch. */
  files?: Record<string, string | Uint8Array>;
}

/**
 * What people do with repositories. Each operation names a repository by its full name, changes it, and sends the
 * webhooks that GitHub sends; it throws where GitHub refuses.
 *
 * @public
 */
export class Repositories {
  readonly #state: GithubState;
  readonly #announcer: WebhookAnnouncer;
  readonly #branches: Branches;

  /** @internal */
  constructor(
    state: GithubState,
    announcer: WebhookAnnouncer,
    branches: Branches,
  ) {
    this.#state = state;
    this.#announcer = announcer;
    this.#branches = branches;
  }

  /** @throws if there is none with that name now */
  get(fullName: string): GithubRepository {
    return this.#state.getRepository(fullName);
  }

  create(input: GithubRepositoryInput): GithubRepository {
    const { owner, name, files, sender } = input;
    const nowMs = this.#state.now();
    const { defaultBranch = 'main', visibility = 'public' } = input;
    const id = this.#state.makeId();
    const repository = this.#state.putRepository({
      id,
      nodeId: makeNodeId('Repository', id),
      ownerId: this.#state.getAccount(owner).id,
      name,
      description: input.description ?? null,
      homepage: null,
      topics: input.topics ?? [],
      isArchived: false,
      isFork: input.isFork ?? false,
      visibility,
      defaultBranch,
      createdMs: nowMs,
      updatedMs: nowMs,
      pushedMs: nowMs,
      git: new GitStore(),
    });
    this.#announce(repository, sender, common => [
      { event: 'repository', payload: { action: 'created', ...common } },
    ]);
    if (files) {
      const commits = [{ message: 'Initial commit', files }];
      this.#branches.push(`${owner}/${name}`, { commits, sender });
    }
    return this.get(`${owner}/${name}`);
  }

  /** The hooks of the repository itself are gone with it, and are not told. */
  delete(fullName: string, { sender }: GithubDoer = {}): void {
    const repository = this.get(fullName);
    this.#state.removeHooks(repository);
    this.#announce(repository, sender, common => [
      { event: 'repository', payload: { action: 'deleted', ...common } },
    ]);
    this.#state.removeRepository(repository);
  }

  /** The former name redirects until another repository takes it. */
  rename(
    fullName: string,
    name: string,
    { sender }: GithubDoer = {},
  ): GithubRepository {
    const from = this.get(fullName).name;
    const repository = this.#change(fullName, { name });
    const changes = { repository: { name: { from } } };
    this.#announce(repository, sender, common => [
      {
        event: 'repository',
        payload: { action: 'renamed', changes, ...common },
      },
    ]);
    return repository;
  }

  /** Only the new owner is told, and the hooks of the repository, which move along. */
  transfer(
    fullName: string,
    newOwner: string,
    { sender }: GithubDoer = {},
  ): GithubRepository {
    const from = this.#state.getAccount(this.get(fullName).ownerId);
    const { id: ownerId } = this.#state.getAccount(newOwner);
    const repository = this.#change(fullName, { ownerId });
    this.#state.forgetSelection(repository.id);
    const { urls } = this.#state;
    const changes = {
      owner: {
        from:
          from.type === 'User'
            ? { user: renderUser(from, urls) }
            : { organization: renderOrganization(from, urls) },
      },
    };
    this.#announce(repository, sender, common => [
      {
        event: 'repository',
        payload: { action: 'transferred', changes, ...common },
      },
    ]);
    return repository;
  }

  /** Makes it read-only. */
  archive(fullName: string, { sender }: GithubDoer = {}): GithubRepository {
    const repository = this.#change(fullName, { isArchived: true });
    this.#announce(repository, sender, common => [
      {
        event: 'repository',
        payload: {
          action: 'archived',
          ...common,
          repository: { ...common.repository, archived: true },
        },
      },
    ]);
    return repository;
  }

  unarchive(fullName: string, { sender }: GithubDoer = {}): GithubRepository {
    const repository = this.#change(fullName, { isArchived: false });
    this.#announce(repository, sender, common => [
      {
        event: 'repository',
        payload: {
          action: 'unarchived',
          ...common,
          repository: { ...common.repository, archived: false },
        },
      },
    ]);
    return repository;
  }

  /**
   * Changes what is given. GitHub takes topics in a request of their own, so they come in an event of their own.
   *
   * @throws if the new default branch does not exist
   */
  edit(
    fullName: string,
    edits: {
      description?: string | null;
      homepage?: string | null;
      topics?: string[];
      defaultBranch?: string;
    } & GithubDoer,
  ): GithubRepository {
    const { sender, topics, defaultBranch, description, homepage } = edits;
    const before = this.#state.getWritable(fullName);
    if (
      defaultBranch !== undefined &&
      !before.git.branches.has(defaultBranch)
    ) {
      throw new Error(`${fullName} has no branch ${defaultBranch}`);
    }
    const changes = {
      ...(description !== undefined &&
        description !== before.description && {
          description: { from: before.description },
        }),
      ...(homepage !== undefined &&
        homepage !== before.homepage && {
          homepage: { from: before.homepage },
        }),
      ...(defaultBranch !== undefined &&
        defaultBranch !== before.defaultBranch && {
          default_branch: { from: before.defaultBranch },
        }),
    };
    if (Object.keys(changes).length > 0) {
      const edited = this.#change(fullName, {
        ...(description !== undefined && { description }),
        ...(homepage !== undefined && { homepage }),
        ...(defaultBranch !== undefined && { defaultBranch }),
      });
      this.#announceEdit(edited, sender, changes);
    }
    if (topics && topics.join() !== before.topics.join()) {
      const edited = this.#change(fullName, { topics });
      const from = [...before.topics];
      this.#announceEdit(edited, sender, { topics: { from } });
    }
    return this.get(fullName);
  }

  /** Between private and internal GitHub tells nobody. */
  setVisibility(
    fullName: string,
    visibility: GithubVisibility,
    { sender }: GithubDoer = {},
  ): GithubRepository {
    const before = this.get(fullName);
    const repository = this.#change(fullName, { visibility });
    const wasPublic = before.visibility === 'public';
    if (visibility === 'public' && !wasPublic) {
      this.#announce(repository, sender, common => {
        const now = { ...common.repository, private: false as const };
        const payload = { ...common, repository: now };
        return [
          {
            event: 'repository',
            payload: { action: 'publicized', ...payload },
          },
          { event: 'public', payload },
        ];
      });
    } else if (visibility !== 'public' && wasPublic) {
      this.#announce(repository, sender, common => [
        {
          event: 'repository',
          payload: {
            action: 'privatized',
            ...common,
            repository: { ...common.repository, private: true },
          },
        },
      ]);
    }
    return repository;
  }

  #change(
    fullName: string,
    changes: Partial<Omit<GithubRepository, 'id' | 'nodeId' | 'git'>>,
  ): GithubRepository {
    return this.#state.putRepository({
      ...this.get(fullName),
      updatedMs: this.#state.now(),
      ...changes,
    });
  }

  #announce(
    repository: GithubRepository,
    sender: string | undefined,
    makeMessages: (common: CommonPayload) => GithubMessage[],
  ): void {
    this.#announcer.announce(
      repository,
      this.#state.getSender(sender),
      makeMessages,
    );
  }

  #announceEdit(
    repository: GithubRepository,
    sender: string | undefined,
    changes: RepositoryEditedEvent['changes'],
  ): void {
    this.#announce(repository, sender, common => [
      {
        event: 'repository',
        payload: { action: 'edited', changes, ...common },
      },
    ]);
  }
}
