import type { GithubState } from './model/GithubState';
import type {
  GithubRepositoryChange,
  RepositoryStore,
} from './model/RepositoryStore';

/**
 * How far what is read lags behind what webhooks tell: so many milliseconds by the clock of the model, or so many
 * requests, which all see what there is now.
 *
 * @public
 */
export type GithubReadLag = { ms: number } | { reads: number };

/**
 * What requests read from: the state itself, or a copy of its repositories that lags. Accounts, apps and installations
 * never lag.
 */
export class ReadReplica {
  readonly #state: GithubState;
  #readLagging: (() => GithubState | undefined) | undefined;
  #stop = () => {};

  constructor(state: GithubState) {
    this.#state = state;
  }

  lag(lag: GithubReadLag): void {
    this.catchUp();
    const repositories = this.#state.copyRepositories();
    this.#readLagging =
      'ms' in lag
        ? this.#follow(repositories, lag.ms)
        : this.#freeze(repositories, lag.reads);
  }

  /** Ends the lag. */
  catchUp(): void {
    this.#stop();
    this.#stop = () => {};
    this.#readLagging = undefined;
  }

  /** What one request sees. */
  read(): GithubState {
    return this.#readLagging?.() ?? this.#state;
  }

  #freeze(repositories: RepositoryStore, reads: number) {
    const frozen = this.#state.withRepositories(repositories);
    let left = reads;
    return () => {
      if (left === 0) {
        this.catchUp();
        return undefined;
      }
      left -= 1;
      return frozen;
    };
  }

  #follow(repositories: RepositoryStore, ms: number) {
    const following = this.#state.withRepositories(repositories);
    const pending: { atMs: number; change: GithubRepositoryChange }[] = [];
    const follow = () => {
      const seenMs = this.#state.now() - ms;
      const end = pending.findIndex(({ atMs }) => atMs > seenMs);
      const due = pending.splice(0, end === -1 ? pending.length : end);
      due.forEach(({ change }) => repositories.apply(change));
    };
    this.#stop = this.#state.onRepositoryChange(change => {
      pending.push({ atMs: this.#state.now(), change });
      follow();
    });
    return () => {
      follow();
      return following;
    };
  }
}
