import { InputError } from '@backstage/errors';
import type { EventParams } from '@backstage/plugin-events-node';
import type { DurableEventsService } from '../../DurableEventsService';
import { describeEvent } from '../../metadata';

/** Stands in for the log: appends in one commit, each id once, and fails when it is told to. */
export class RecordingEvents implements DurableEventsService {
  readonly log: EventParams[] = [];
  /** How many events each call brought. */
  readonly calls: number[] = [];
  /** Events that can never be stored. */
  refuses: (event: EventParams) => boolean = () => false;
  /** Called before and after the commit; may wait, and may throw. */
  before: () => Promise<void> | void = () => {};
  after: () => Promise<void> | void = () => {};
  readonly #ids = new Set<string | undefined>();
  readonly #waiting: { count: number; resolve: () => void }[] = [];

  get topics(): string[] {
    return this.log.map(({ topic }) => topic);
  }

  /** Resolves when the log has this many events. */
  waitFor(count: number): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.push({ count, resolve });
      this.#tell();
    });
  }

  publish(event: EventParams): Promise<void> {
    return this.publishAll([event]);
  }

  async publishAll(events: readonly EventParams[]): Promise<void> {
    this.calls.push(events.length);
    await this.before();
    if (events.some(this.refuses)) {
      throw new InputError('It is not to be');
    }
    for (const event of events) {
      const { id } = describeEvent(event);
      if (!this.#ids.has(id)) {
        this.#ids.add(id);
        this.log.push(event);
      }
    }
    await this.after();
    this.#tell();
  }

  async subscribe(): Promise<void> {}

  #tell() {
    this.#waiting
      .filter(({ count }) => this.log.length >= count)
      .forEach(({ resolve }) => resolve());
  }
}
