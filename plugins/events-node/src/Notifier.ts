/**
 * Wakes whoever waits for events.
 *
 * @remarks
 * A wake-up is a hint and never the data: one that is lost costs latency (readers ask again by themselves after a
 * while), one too many costs a look into the store.
 *
 * @public
 */
export interface Notifier {
  /**
   * Says that there is something to read.
   *
   * @param topics - of the events that came
   */
  notify(topics: ReadonlySet<string>): void;

  /**
   * Calls a listener whenever there is something to read in its topics.
   *
   * @param listener - must return at once and must not throw
   * @returns a function that stops the calls
   */
  listen(listener: {
    wants(topics: ReadonlySet<string>): boolean;
    wake(): void;
  }): () => void;
}
