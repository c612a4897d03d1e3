import type { EventParams } from '@backstage/plugin-events-node';
import { createEventParams } from '@callboard/backstage-plugin-events-node';
import type { Announcement, EndpointPool } from '../../endpoints';
import {
  describeDisabled,
  disabledTopic,
  type EndpointDisabled,
} from './EndpointDisabled';

/** How long to leave an announcement alone that failed, in milliseconds. */
const retryAfterMs = 60_000;

/**
 * Tells the world that endpoints were disabled: by an event in the log, and by a notification to the owner.
 *
 * @remarks
 * The event has the same id for as long as nobody knows that it was told, so a crash in between publishes nothing twice; an
 * owner may be notified twice.
 */
export class Announcer {
  readonly #endpoints: Pick<
    EndpointPool,
    'listAnnouncements' | 'endAnnouncement'
  >;
  readonly #publish: (event: EventParams) => Promise<void>;
  readonly #notifyOwner: (disabled: EndpointDisabled) => Promise<void>;
  /** By the ids of events that could not be told: when to try again, by `performance.now()`. */
  readonly #failedUntilMs = new Map<string, number>();

  constructor(options: {
    endpoints: Pick<EndpointPool, 'listAnnouncements' | 'endAnnouncement'>;
    publish: (event: EventParams) => Promise<void>;
    notifyOwner: (disabled: EndpointDisabled) => Promise<void>;
  }) {
    this.#endpoints = options.endpoints;
    this.#publish = options.publish;
    this.#notifyOwner = options.notifyOwner;
  }

  /**
   * Tells what is still to be told.
   *
   * @throws what went wrong with one of them, once all were tried
   */
  async runOnce(): Promise<void> {
    const failures: unknown[] = [];
    for (const announcement of await this.#endpoints.listAnnouncements()) {
      const { eventId } = announcement;
      if (performance.now() >= (this.#failedUntilMs.get(eventId) ?? 0)) {
        try {
          await this.#tell(announcement);
          this.#failedUntilMs.delete(eventId);
        } catch (error) {
          this.#failedUntilMs.set(eventId, performance.now() + retryAfterMs);
          failures.push(error);
        }
      }
    }
    if (failures.length > 0) {
      throw failures[0];
    }
  }

  async #tell({ endpoint, eventId }: Announcement): Promise<void> {
    const disabled = describeDisabled(endpoint);
    await this.#publish(
      createEventParams({
        topic: disabledTopic,
        id: eventId,
        key: `endpoint:${endpoint.id}`,
        eventPayload: disabled,
      }),
    );
    await this.#notifyOwner(disabled);
    await this.#endpoints.endAnnouncement(endpoint.id, eventId);
  }
}
