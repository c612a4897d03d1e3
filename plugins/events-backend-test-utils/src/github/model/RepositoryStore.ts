import type { GithubRepository } from './records';

/**
 * A repository after a change, or before its end.
 *
 * @public
 */
export interface GithubRepositoryChange {
  kind: 'put' | 'removed';
  repository: GithubRepository;
}

/**
 * Repositories, by their numbers, names, former names and owners. Names are compared without regard to case.
 *
 * @public
 */
export class RepositoryStore {
  readonly #fullNameOf: (repository: GithubRepository) => string;
  readonly #repositories = new Map<number, GithubRepository>();
  readonly #byName = new Map<string, number>();
  /** Former full names, which redirect until another repository takes them. */
  readonly #byFormerName = new Map<string, number>();
  readonly #byOwner = new Map<number, Map<number, GithubRepository>>();

  constructor(fullNameOf: (repository: GithubRepository) => string) {
    this.#fullNameOf = fullNameOf;
  }

  copy(): RepositoryStore {
    const copied = new RepositoryStore(this.#fullNameOf);
    this.#repositories.forEach(repository => copied.put(repository));
    this.#byFormerName.forEach((id, name) =>
      copied.#byFormerName.set(name, id),
    );
    return copied;
  }

  /**
   * Keeps a new repository, or what one is after a change.
   *
   * @throws if another repository has that name
   */
  put(repository: GithubRepository): void {
    const { id, ownerId } = repository;
    const name = this.#nameOf(repository);
    const holder = this.#byName.get(name) ?? id;
    if (holder !== id) {
      throw new Error(`The name ${this.#fullNameOf(repository)} is taken`);
    }
    const before = this.#repositories.get(id);
    if (before) {
      const formerName = this.#nameOf(before);
      this.#byName.delete(formerName);
      this.#byFormerName.set(formerName, id);
      if (before.ownerId !== ownerId) {
        this.#byOwner.get(before.ownerId)?.delete(id);
      }
    }
    this.#byFormerName.delete(name);
    this.#byName.set(name, id);
    this.#repositories.set(id, repository);
    this.#putOfOwner(repository, before !== undefined);
  }

  /** Whatever comes from another owner has its place among the others by its number. */
  #putOfOwner(repository: GithubRepository, isOlder: boolean): void {
    const { id, ownerId } = repository;
    const owned =
      this.#byOwner.get(ownerId) ?? new Map<number, GithubRepository>();
    const isMoved = isOlder && !owned.has(id);
    owned.set(id, repository);
    this.#byOwner.set(
      ownerId,
      isMoved ? new Map([...owned].sort(([a], [b]) => a - b)) : owned,
    );
  }

  remove(repository: GithubRepository): void {
    this.#repositories.delete(repository.id);
    this.#byOwner.get(repository.ownerId)?.delete(repository.id);
    this.#byName.delete(this.#nameOf(repository));
    for (const [name, id] of this.#byFormerName) {
      if (id === repository.id) {
        this.#byFormerName.delete(name);
      }
    }
  }

  apply({ kind, repository }: GithubRepositoryChange): void {
    if (kind === 'put') {
      this.put(repository);
    } else {
      this.remove(repository);
    }
  }

  find(id: number | undefined): GithubRepository | undefined {
    return id === undefined ? undefined : this.#repositories.get(id);
  }

  findByName(fullName: string): GithubRepository | undefined {
    return this.find(this.#byName.get(fullName.toLowerCase()));
  }

  findByFormerName(fullName: string): GithubRepository | undefined {
    return this.find(this.#byFormerName.get(fullName.toLowerCase()));
  }

  /** In the order in which they were created. */
  list(ownerId?: number): GithubRepository[] {
    const listed =
      ownerId === undefined ? this.#repositories : this.#byOwner.get(ownerId);
    return [...(listed?.values() ?? [])];
  }

  #nameOf(repository: GithubRepository): string {
    return this.#fullNameOf(repository).toLowerCase();
  }
}
