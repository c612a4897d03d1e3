import { GithubError } from '@callboard/backstage-plugin-github-node';

/**
 * How many repositories one question is about: fewer while GitHub cannot answer in time, and more again when it can.
 *
 * @remarks
 * GitHub ends what takes it longer than ten seconds, which many repositories with large files do.
 *
 * @see https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#timeouts
 */
export class PageSize {
  readonly #most: number;
  #current: number;

  constructor(most: number) {
    this.#most = most;
    this.#current = most;
  }

  /** For the next question. */
  get current(): number {
    return this.#current;
  }

  /**
   * Asks a question of the current size, and learns from what becomes of it.
   *
   * @param left - how many repositories there are to ask about; what GitHub can tell of few says nothing of many
   */
  async use<T>(left: number, ask: (size: number) => Promise<T>): Promise<T> {
    const size = Math.min(left, this.#current);
    try {
      const answer = await ask(size);
      if (size === this.#current) {
        this.#current = Math.min(this.#most, size * 2);
      }
      return answer;
    } catch (error) {
      if (error instanceof GithubError && error.kind === 'unavailable') {
        this.#current = Math.max(1, Math.floor(size / 2));
      }
      throw error;
    }
  }
}
