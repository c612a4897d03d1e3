import type { LoggerService } from '@backstage/backend-plugin-api';
import type { TechDocsBuild } from '@callboard/backstage-plugin-events-common';
import {
  maxEventsAtOnce,
  techdocsBuild,
  type ContractEvent,
  type DurableEventsService,
} from '@callboard/backstage-plugin-events-node';
import type { BuildStep } from '../following';

/**
 * Publishes the steps of builds, in their order, while the builds go on.
 *
 * @remarks
 * A build waits for nothing here and fails by nothing here. Steps wait in memory while the ones before them are
 * published. `publishAll` tries for `events.publish.timeLimit`; what it could not publish by then is logged and given up,
 * which bounds what waits.
 */
export class BuildTeller {
  readonly #events: Pick<DurableEventsService, 'publishAll'>;
  readonly #logger: LoggerService;
  readonly #waiting: ContractEvent<TechDocsBuild>[] = [];
  #turns: Promise<void> | undefined;

  constructor(options: {
    events: Pick<DurableEventsService, 'publishAll'>;
    logger: LoggerService;
  }) {
    this.#events = options.events;
    this.#logger = options.logger;
  }

  /** Tells of a step, soon. Does not throw. */
  readonly tell = (step: BuildStep): void => {
    const { action, entityRef, startedAt, correlationId } = step;
    try {
      this.#waiting.push(
        techdocsBuild.event({
          source: 'techdocs',
          key: entityRef,
          correlationId,
          eventPayload: {
            action,
            entityRef,
            buildTimestamp: startedAt.toISOString(),
          },
        }),
      );
    } catch (error) {
      this.#giveUp([step], error);
      return;
    }
    this.#turns ??= this.#publishWaiting().finally(() => {
      this.#turns = undefined;
    });
  };

  /** Waits until all that was told is published or given up. */
  async settle(): Promise<void> {
    while (this.#turns) {
      await this.#turns;
    }
  }

  async #publishWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const events = this.#waiting.splice(0, maxEventsAtOnce);
      try {
        await this.#events.publishAll(events);
      } catch (error) {
        this.#giveUp(
          events.map(({ eventPayload }) => eventPayload),
          error,
        );
      }
    }
  }

  #giveUp(
    steps: Pick<BuildStep, 'action' | 'entityRef'>[],
    error: unknown,
  ): void {
    const list = steps
      .map(({ action, entityRef }) => `${action} of ${entityRef}`)
      .join(', ');
    this.#logger.warn(
      `Builds of documentation go on, but subscribers will not hear of this: ${list}`,
      error instanceof Error ? error : new Error(String(error)),
    );
  }
}
