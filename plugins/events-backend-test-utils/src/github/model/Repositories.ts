import type { RepositoryEditedEvent } from '@octokit/webhooks-types';
import type { Branches } from './Branches';
import type { GithubState } from './GithubState';
import { GitStore } from './GitStore';
import type { Installations } from './Installations';
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
  readonly #installations: Installations;

  /** @internal */
  constructor(parts: {
    state: GithubState;
    announcer: WebhookAnnouncer;
    branches: Branches;
    installations: Installations;
  }) {
    this.#state = parts.state;
    this.#announcer = parts.announcer;
    this.#branches = parts.branches;
    this.#installations = parts.installations;
  }

  /** @throws if there is none with that name now */
  get(fullName: string): GithubRepository {
    return this.#state.getRepository(fullName);
  }

  create(input: GithubRepositoryInput): GithubRepository {
    const { owner, name, files, sender } = input;
    const repository = this.#add(owner, {
      name,
      description: input.description ?? null,
      homepage: null,
      topics: input.topics ?? [],
      isFork: input.isFork ?? false,
      visibility: input.visibility ?? 'public',
      defaultBranch: input.defaultBranch ?? 'main',
      pushedMs: this.#state.now(),
      git: new GitStore(),
    });
    this.#announceCreated(repository, sender);
    if (files) {
      const commits = [{ message: 'Initial commit', files }];
      this.#branches.push(`${owner}/${name}`, { commits, sender });
    }
    return this.get(`${owner}/${name}`);
  }

  /** Copies a repository with all branches. Nothing is pushed: only its creation is told. */
  fork(
    fullName: string,
    { owner, name, sender }: { owner: string; name?: string } & GithubDoer,
  ): GithubRepository {
    const original = this.get(fullName);
    const repository = this.#add(owner, {
      name: name ?? original.name,
      description: original.description,
      homepage: original.homepage,
      topics: [],
      isFork: true,
      visibility: original.visibility,
      defaultBranch: original.defaultBranch,
      pushedMs: original.pushedMs,
      git: original.git,
    });
    this.#announceCreated(repository, sender);
    return repository;
  }

  /**
   * The hooks of the repository itself are gone with it, and are not told. Apps are, though GitHub's documentation says
   * otherwise.
   *
   * @see https://github.com/github/docs/issues/36991
   */
  delete(fullName: string, { sender }: GithubDoer = {}): void {
    const repository = this.get(fullName);
    this.#state.removeHooks(repository);
    this.#announce(repository, sender, common => [
      { event: 'repository', payload: { action: 'deleted', ...common } },
    ]);
    this.#state.removeRepository(repository);
    this.#installations.forgetRepository(repository, sender);
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
    const before = this.get(fullName);
    const from = this.#state.getAccount(before.ownerId);
    const { id: ownerId } = this.#state.getAccount(newOwner);
    if (ownerId === from.id) {
      throw new Error(`${fullName} is of ${newOwner} already`);
    }
    const repository = this.#change(fullName, { ownerId });
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
    this.#installations.forgetRepository(before, sender);
    return repository;
  }

  /**
   * Makes it read-only.
   *
   * @throws if it is
   */
  archive(fullName: string, { sender }: GithubDoer = {}): GithubRepository {
    this.#state.getWritable(fullName);
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

  /** @throws unless it is archived */
  unarchive(fullName: string, { sender }: GithubDoer = {}): GithubRepository {
    if (!this.get(fullName).isArchived) {
      throw new Error(`${fullName} is not archived`);
    }
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

  /**
   * Between private and internal GitHub tells nobody.
   *
   * @throws if it shall be internal and its owner is a user
   */
  setVisibility(
    fullName: string,
    visibility: GithubVisibility,
    { sender }: GithubDoer = {},
  ): GithubRepository {
    const before = this.get(fullName);
    if (before.visibility === visibility) {
      return before;
    }
    const { type } = this.#state.getAccount(before.ownerId);
    if (visibility === 'internal' && type === 'User') {
      throw new Error(`${fullName} is of a user, so it cannot be internal`);
    }
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

  #add(
    owner: string,
    fields: Pick<
      GithubRepository,
      | 'name'
      | 'description'
      | 'homepage'
      | 'topics'
      | 'isFork'
      | 'visibility'
      | 'defaultBranch'
      | 'pushedMs'
      | 'git'
    >,
  ): GithubRepository {
    const nowMs = this.#state.now();
    const id = this.#state.makeId();
    return this.#state.putRepository({
      ...fields,
      id,
      nodeId: makeNodeId('Repository', id),
      ownerId: this.#state.getAccount(owner).id,
      isArchived: false,
      createdMs: nowMs,
      updatedMs: nowMs,
    });
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

  #announceCreated(
    repository: GithubRepository,
    sender: string | undefined,
  ): void {
    this.#announce(repository, sender, common => [
      { event: 'repository', payload: { action: 'created', ...common } },
    ]);
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
