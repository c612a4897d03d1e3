import type { GitPerson } from './gitObjects';
import type {
  GithubAccount,
  GithubApp,
  GithubHook,
  GithubInstallation,
  GithubRepository,
} from './records';
import { makeUrls, noreplyAddress, type GithubUrls } from './renderAccount';

/**
 * Everything that this GitHub knows, in memory. Names are compared without regard to case, as GitHub does.
 *
 * @public
 */
export class GithubState {
  readonly now: () => number;
  urls: GithubUrls = makeUrls('http://github.localhost');
  readonly apps = new Map<number, GithubApp>();
  readonly installations = new Map<number, GithubInstallation>();
  /** Of organizations and repositories. */
  readonly hooks = new Map<number, GithubHook>();
  readonly #accounts = new Map<number, GithubAccount>();
  readonly #repositories = new Map<number, GithubRepository>();
  readonly #repositoryIds = new Map<string, number>();
  /** Former full names, which redirect until another repository takes them. */
  readonly #formerNames = new Map<string, number>();
  #lastId = 1000;

  constructor(now: () => number) {
    this.now = now;
    // GitHub's own user, who stands for those who are gone.
    this.putAccount({
      type: 'User',
      id: 10137,
      login: 'ghost',
      name: 'Deleted user',
      createdMs: Date.UTC(2008, 4, 13),
    });
  }

  /** @returns a number that nothing else has */
  makeId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  putAccount(account: GithubAccount): void {
    const other = this.findAccount(account.login);
    if (other && other.id !== account.id) {
      throw new Error(`The login ${account.login} is taken`);
    }
    this.#accounts.set(account.id, account);
  }

  findAccount(login: string): GithubAccount | undefined {
    return [...this.#accounts.values()].find(
      account => account.login.toLowerCase() === login.toLowerCase(),
    );
  }

  /** @throws if there is none */
  getAccount(idOrLogin: number | string): GithubAccount {
    const account =
      typeof idOrLogin === 'number'
        ? this.#accounts.get(idOrLogin)
        : this.findAccount(idOrLogin);
    if (!account) {
      throw new Error(`There is no account ${idOrLogin}`);
    }
    return account;
  }

  /** Who wrote a commit, if it was an account of this GitHub: its address tells. */
  findAuthor({ email }: GitPerson): GithubAccount | undefined {
    return [...this.#accounts.values()].find(
      account => noreplyAddress(account) === email,
    );
  }

  findAccountById(id: number): GithubAccount | undefined {
    return this.#accounts.get(id);
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
    return this.listRepositories().filter(repository =>
      this.hasAccess(installation, repository),
    );
  }

  /** In the order in which they were created. */
  listRepositories(ownerId?: number): GithubRepository[] {
    return [...this.#repositories.values()].filter(
      repository => ownerId === undefined || repository.ownerId === ownerId,
    );
  }

  /** By the name that it has. */
  findRepository(fullName: string): GithubRepository | undefined {
    const id = this.#repositoryIds.get(fullName.toLowerCase());
    return id === undefined ? undefined : this.#repositories.get(id);
  }

  /** By a name that it had, if nothing else has it now. */
  findRenamed(fullName: string): GithubRepository | undefined {
    const id = this.#formerNames.get(fullName.toLowerCase());
    return id === undefined ? undefined : this.#repositories.get(id);
  }

  findRepositoryById(id: number): GithubRepository | undefined {
    return this.#repositories.get(id);
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
    const name = this.fullNameOf(repository).toLowerCase();
    const holder = this.#repositoryIds.get(name) ?? repository.id;
    if (holder !== repository.id) {
      throw new Error(`The name ${this.fullNameOf(repository)} is taken`);
    }
    const before = this.#repositories.get(repository.id);
    const formerName = before && this.fullNameOf(before).toLowerCase();
    if (formerName !== undefined && formerName !== name) {
      this.#repositoryIds.delete(formerName);
      this.#formerNames.set(formerName, repository.id);
    }
    this.#formerNames.delete(name);
    this.#repositoryIds.set(name, repository.id);
    this.#repositories.set(repository.id, repository);
    return repository;
  }

  removeRepository(repository: GithubRepository): void {
    this.#repositories.delete(repository.id);
    this.#repositoryIds.delete(this.fullNameOf(repository).toLowerCase());
    for (const [name, id] of this.#formerNames) {
      if (id === repository.id) {
        this.#formerNames.delete(name);
      }
    }
    this.forgetSelection(repository.id);
  }

  /** Removes the hooks of a repository itself. */
  removeHooks({ id }: GithubRepository): void {
    for (const hook of this.hooks.values()) {
      if (hook.targetType === 'repository' && hook.targetId === id) {
        this.hooks.delete(hook.id);
      }
    }
  }

  /** Takes a repository out of what installations were given. */
  forgetSelection(repositoryId: number): void {
    for (const installation of this.installations.values()) {
      const repositoryIds = new Set(installation.repositoryIds);
      if (repositoryIds.delete(repositoryId)) {
        this.installations.set(installation.id, {
          ...installation,
          repositoryIds,
        });
      }
    }
  }
}
