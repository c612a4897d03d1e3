import type { EventParams } from '@backstage/plugin-events-node';
import { CatalogReplica } from '@callboard/backstage-plugin-events-backend-test-utils';

/** A replica of the catalog that a subscriber keeps; one can wait for what it comes to. */
export class EntityReplica extends CatalogReplica {
  #waiting: { holds: () => boolean; resolve: () => void }[] = [];

  readonly onEvent = async (params: EventParams): Promise<void> => {
    this.apply(params);
    this.#waiting
      .filter(({ holds }) => holds())
      .forEach(({ resolve }) => resolve());
  };

  /** Waits until something holds after an event. */
  until(holds: () => boolean): Promise<void> {
    return new Promise(resolve => {
      if (holds()) {
        resolve();
      } else {
        this.#waiting.push({ holds, resolve });
      }
    });
  }
}
