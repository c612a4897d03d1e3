import type {
  GithubInstallation,
  GithubModel,
  GithubRepository,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { catalogPath, makeCatalogInfo } from './catalogFiles';
import type { RandomChoice } from './RandomChoice';

/** What operations choose from: the repositories of the owners that are followed, and those of one that is not. */
export class Playground {
  readonly model: GithubModel;
  readonly choice: RandomChoice;
  readonly owners: readonly string[];
  readonly elsewhere: string;
  #changes = 0;

  constructor(options: {
    model: GithubModel;
    choice: RandomChoice;
    owners: readonly string[];
    elsewhere: string;
  }) {
    this.model = options.model;
    this.choice = options.choice;
    this.owners = options.owners;
    this.elsewhere = options.elsewhere;
  }

  listFollowed(): GithubRepository[] {
    const followed: GithubRepository[] = [];
    return followed.concat(...this.owners.map(owner => this.#listOf(owner)));
  }

  /** One that is followed; nothing if none matches. */
  pickFollowed(
    matches: (repository: GithubRepository) => boolean = () => true,
  ): GithubRepository | undefined {
    return this.choice.find(this.listFollowed(), matches);
  }

  /** One that is followed and can be pushed to. */
  pickWritable(
    matches: (repository: GithubRepository) => boolean = () => true,
  ): GithubRepository | undefined {
    return this.pickFollowed(each => !each.isArchived && matches(each));
  }

  /** One that is followed, can be pushed to and has a first commit. */
  pickFilled(
    matches: (repository: GithubRepository) => boolean = () => true,
  ): GithubRepository | undefined {
    return this.pickWritable(
      each => each.git.branches.size > 0 && matches(each),
    );
  }

  /** One that is not followed. */
  pickElsewhere(
    matches: (repository: GithubRepository) => boolean = () => true,
  ): GithubRepository | undefined {
    return this.choice.find(this.#listOf(this.elsewhere), matches);
  }

  pickOwner(): string {
    return this.owners[this.choice.number(0, this.owners.length - 1)];
  }

  /** A name that no repository of the owner has. There are few, so that former ones are taken again. */
  pickName(owner: string): string {
    const count = 2 * this.#listOf(owner).length + 10;
    for (;;) {
      const name = `site-${this.choice.number(1, count)}`;
      if (this.isFree(owner, name)) {
        return name;
      }
    }
  }

  isFree(owner: string, name: string): boolean {
    return !this.model.state.findRepository(`${owner}/${name}`);
  }

  isOrganization(login: string): boolean {
    return this.model.state.getAccount(login).type === 'Organization';
  }

  ownerOf({ ownerId }: GithubRepository): string {
    return this.model.state.getAccount(ownerId).login;
  }

  nameOf(repository: GithubRepository): string {
    return this.model.state.fullNameOf(repository);
  }

  /** With the number, because the name does not last. */
  describe({ id }: GithubRepository): string {
    const repository = this.model.state.findRepositoryById(id);
    return repository ? `${this.nameOf(repository)} (${id})` : `(${id})`;
  }

  /** Whether a branch has a file, the default branch unless another is named. */
  hasFile(
    { git, defaultBranch }: GithubRepository,
    path: string,
    branch: string = defaultBranch,
  ): boolean {
    return git.findObject(`${branch}:${path}`, defaultBranch)?.type === 'blob';
  }

  /** What no file contained before. */
  makeChange(): string {
    this.#changes += 1;
    return `Change ${this.#changes}`;
  }

  /** A file for the catalog that is different from all before. */
  makeFile(repository: GithubRepository, path: string = catalogPath): string {
    return makeCatalogInfo(repository, path, this.makeChange());
  }

  /** Installations on owners that are followed which have some of the repositories only. */
  listSelections(): GithubInstallation[] {
    const { state } = this.model;
    const ids = this.owners.map(owner => state.getAccount(owner).id);
    return [...state.installations.values()].filter(
      ({ accountId, selection }) =>
        selection === 'selected' && ids.includes(accountId),
    );
  }

  #listOf(owner: string): GithubRepository[] {
    const { state } = this.model;
    return state.listRepositories(state.getAccount(owner).id);
  }
}
