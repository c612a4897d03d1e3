/**
 * Whoever waits for events.
 *
 * @public
 */
export interface NotifierListener {
  /** Whether events of these topics are waited for. */
  wants(topics: ReadonlySet<string>): boolean;
  /** Called when there may be something to read. */
  wake(): void;
}

/**
 * Wakes whoever waits for events.
 *
 * @remarks
 * A wake-up is a hint and never the data: one that is lost costs latency (readers ask again by themselves after a
 * while), one too many costs a look into the store. A keeper may wake a listener without asking what it wants, when it
 * does not know itself what came.
 *
 * @public
 */
export interface Notifier {
  /**
   * Says that there is something to read. Listeners of this notifier are woken before it returns; those of other
   * replicas soon after, where the keeper reaches them. Never throws.
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
  listen(listener: NotifierListener): () => void;
}
