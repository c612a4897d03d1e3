import type { GithubModel } from '@callboard/backstage-plugin-events-backend-test-utils';
import type { OperationKind } from './OperationKind';
import { operationKinds } from './operationKinds';
import { Playground } from './Playground';
import { RandomChoice } from './RandomChoice';

/** How far the number of repositories may be from that at the beginning. */
const tolerance = 0.1;

/**
 * Does what people do on GitHub, at random: the same for the same seed and the same beginning, whatever the clock says.
 *
 * @example
 * ```ts
 * const model = new GithubModel();
 * model.addOrganization('acme');
 * model.addOrganization('elsewhere');
 * seedRepositories(model, { owner: 'acme', count: 40 });
 *
 * const operations = new RandomOperations({ model, seed: 7, owners: ['acme'], elsewhere: 'elsewhere' });
 * const done = Array.from({ length: 200 }, () => operations.perform());
 * ```
 */
export class RandomOperations {
  readonly #playground: Playground;
  readonly #kinds: readonly OperationKind[];
  readonly #counts = new Map<string, number>();
  readonly #least: number;
  readonly #most: number;

  /**
   * @param options.owners - logins of organizations and users that are followed, which have some repositories
   * @param options.elsewhere - the login of an account that is not followed; repositories go there and come from there
   * @param options.kinds - all unless given
   */
  constructor(options: {
    model: GithubModel;
    seed: number;
    owners: readonly string[];
    elsewhere: string;
    kinds?: readonly OperationKind[];
  }) {
    const { seed, kinds = operationKinds, ...where } = options;
    this.#playground = new Playground({
      ...where,
      choice: new RandomChoice(seed),
    });
    this.#kinds = kinds;
    const count = this.#playground.listFollowed().length;
    const difference = Math.ceil(count * tolerance);
    this.#least = count - difference;
    this.#most = count + difference;
  }

  /** How often each kind of operation was done. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /**
   * Does one operation; some are more than one request to GitHub.
   *
   * @returns what was done, in short
   */
  perform(): string {
    const count = this.#playground.listFollowed().length;
    let kinds = this.#kinds.filter(
      ({ growth }) =>
        !(growth === 'more' && count >= this.#most) &&
        !(growth === 'fewer' && count <= this.#least),
    );
    while (kinds.length > 0) {
      const kind = this.#playground.choice.pickWeighted(kinds);
      const done = kind.perform(this.#playground);
      if (done !== undefined) {
        const before = this.#counts.get(kind.name) ?? 0;
        this.#counts.set(kind.name, before + 1);
        return `${kind.name}: ${done}`;
      }
      kinds = kinds.filter(each => each !== kind);
    }
    throw new Error('Nothing can be done: there is no repository');
  }
}
