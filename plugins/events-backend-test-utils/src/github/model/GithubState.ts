import { AccountStore } from './AccountStore';
import type { GitPerson } from './gitObjects';
import type {
  GithubAccount,
  GithubApp,
  GithubHook,
  GithubInstallation,
  GithubRepository,
} from './records';
import { makeUrls, type GithubUrls } from './renderAccount';
import {
  RepositoryStore,
  type GithubRepositoryChange,
} from './RepositoryStore';

/**
 * Everything that this GitHub knows, in memory. Names are compared without regard to case, as GitHub does.
 *
 * @public
 */
export class GithubState {
  readonly now: () => number;
  urls: GithubUrls = makeUrls('http://github.localhost');
  readonly apps: Map<number, GithubApp>;
  readonly installations: Map<number, GithubInstallation>;
  /** Of organizations and repositories. */
  readonly hooks: Map<number, GithubHook>;
  readonly #accounts: AccountStore;
  readonly #repositories: RepositoryStore;
  readonly #observers = new Set<(change: GithubRepositoryChange) => void>();
  #lastId = 1000;

  /** @param shared - whose all is shared, but for the repositories */
  constructor(
    now: () => number,
    shared?: { from: GithubState; repositories: RepositoryStore },
  ) {
    this.now = now;
    if (shared) {
      const { from, repositories } = shared;
      this.urls = from.urls;
      this.apps = from.apps;
      this.installations = from.installations;
      this.hooks = from.hooks;
      this.#accounts = from.#accounts;
      this.#repositories = repositories;
      return;
    }
    this.apps = new Map();
    this.installations = new Map();
    this.hooks = new Map();
    this.#accounts = new AccountStore();
    this.#repositories = new RepositoryStore(each => this.fullNameOf(each));
    // GitHub's own user, who stands for those who are gone.
    this.putAccount({
      type: 'User',
      id: 10137,
      login: 'ghost',
      name: 'Deleted user',
      createdMs: Date.UTC(2008, 4, 13),
    });
  }

  /**
   * The same, but for the repositories.
   *
   * @internal
   */
  withRepositories(repositories: RepositoryStore): GithubState {
    return new GithubState(this.now, { from: this, repositories });
  }

  /** @returns a number that nothing else has */
  makeId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** @throws if the login is taken */
  putAccount(account: GithubAccount): void {
    this.#accounts.add(account);
  }

  findAccount(login: string): GithubAccount | undefined {
    return this.#accounts.findByLogin(login);
  }

  /** @throws if there is none */
  getAccount(idOrLogin: number | string): GithubAccount {
    const account =
      typeof idOrLogin === 'number'
        ? this.#accounts.find(idOrLogin)
        : this.#accounts.findByLogin(idOrLogin);
    if (!account) {
      throw new Error(`There is no account ${idOrLogin}`);
    }
    return account;
  }

  /** Who wrote a commit, if it was an account of this GitHub: its address tells. */
  findAuthor(author: GitPerson): GithubAccount | undefined {
    return this.#accounts.findAuthor(author);
  }

  findAccountById(id: number): GithubAccount | undefined {
    return this.#accounts.find(id);
  }

  /** Who does something: `ghost` unless somebody is named. */
  getSender(login: string = 'ghost'): GithubAccount {
    return this.getAccount(login);
  }

  getApp(id: number): GithubApp {
    const app = this.apps.get(id);
    if (!app) {
      throw new Error(`There is no app ${id}`);
    }
    return app;
  }

  getInstallation(id: number): GithubInstallation {
    const installation = this.installations.get(id);
    if (!installation) {
      throw new Error(`There is no installation ${id}`);
    }
    return installation;
  }

  /** What a hook is now; nothing if it is gone. */
  findHook({ id, targetType, targetId }: GithubHook): GithubHook | undefined {
    return targetType === 'integration'
      ? this.apps.get(targetId)?.hook
      : this.hooks.get(id);
  }

  /** Which repositories an installation was given. */
  hasAccess(
    installation: GithubInstallation,
    { id, ownerId }: GithubRepository,
  ): boolean {
    return (
      installation.accountId === ownerId &&
      (installation.selection === 'all' || installation.repositoryIds.has(id))
    );
  }

  listAccessible(installation: GithubInstallation): GithubRepository[] {
    return this.listRepositories(installation.accountId).filter(repository =>
      this.hasAccess(installation, repository),
    );
  }

  /** In the order in which they were created. */
  listRepositories(ownerId?: number): GithubRepository[] {
    return this.#repositories.list(ownerId);
  }

  /** By the name that it has. */
  findRepository(fullName: string): GithubRepository | undefined {
    return this.#repositories.findByName(fullName);
  }

  /** By a name that it had, if nothing else has it now. */
  findRenamed(fullName: string): GithubRepository | undefined {
    return this.#repositories.findByFormerName(fullName);
  }

  findRepositoryById(id: number): GithubRepository | undefined {
    return this.#repositories.find(id);
  }

  /** @throws if there is none with that name now */
  getRepository(fullName: string): GithubRepository {
    const repository = this.findRepository(fullName);
    if (!repository) {
      throw new Error(`There is no repository ${fullName}`);
    }
    return repository;
  }

  /** @throws if there is none, or it is archived */
  getWritable(fullName: string): GithubRepository {
    const repository = this.getRepository(fullName);
    if (repository.isArchived) {
      throw new Error(`${fullName} is archived, so it is read-only`);
    }
    return repository;
  }

  fullNameOf({ ownerId, name }: GithubRepository): string {
    return `${this.getAccount(ownerId).login}/${name}`;
  }

  /**
   * Keeps a new repository, or what one is after a change.
   *
   * @throws if another repository has that name
   */
  putRepository(repository: GithubRepository): GithubRepository {
    this.#apply({ kind: 'put', repository });
    return repository;
  }

  removeRepository(repository: GithubRepository): void {
    this.#apply({ kind: 'removed', repository });
  }

  /** @internal */
  copyRepositories(): RepositoryStore {
    return this.#repositories.copy();
  }

  /**
   * @returns what ends it
   *
   * @internal
   */
  onRepositoryChange(
    observer: (change: GithubRepositoryChange) => void,
  ): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** Removes the hooks of a repository itself. */
  removeHooks({ id }: GithubRepository): void {
    for (const hook of this.hooks.values()) {
      if (hook.targetType === 'repository' && hook.targetId === id) {
        this.hooks.delete(hook.id);
      }
    }
  }

  #apply(change: GithubRepositoryChange): void {
    this.#repositories.apply(change);
    this.#observers.forEach(observer => observer(change));
  }
}
