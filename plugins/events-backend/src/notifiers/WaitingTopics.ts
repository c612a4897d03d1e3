import type { Topics } from './notification';

/** More topics than this never fit into one notification, so there is no use in keeping them apart. */
const maxTopics = 2_000;

/** Topics that wait to be sent; bounded, however long they wait. */
export class WaitingTopics {
  #topics = new Set<string>();
  #any = false;

  add(topics: ReadonlySet<string>): void {
    if (!this.#any) {
      topics.forEach(topic => this.#topics.add(topic));
    }
    if (this.#topics.size > maxTopics) {
      this.#any = true;
      this.#topics.clear();
    }
  }

  get empty(): boolean {
    return !this.#any && this.#topics.size === 0;
  }

  /** Hands out what waits, and begins anew. */
  take(): Topics {
    const topics = this.#any ? 'any' : this.#topics;
    this.#any = false;
    this.#topics = new Set();
    return topics;
  }
}
