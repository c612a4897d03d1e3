import { setTimeout } from 'node:timers/promises';
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
  readonly #stopGraceMs: number;
  readonly #waiting: ContractEvent<TechDocsBuild>[] = [];
  #inHand: ContractEvent<TechDocsBuild>[] = [];
  #turns: Promise<void> | undefined;

  /** @param options.stopGraceMs - how long {@link stop} waits. Default: 5 seconds */
  constructor(options: {
    events: Pick<DurableEventsService, 'publishAll'>;
    logger: LoggerService;
    stopGraceMs?: number;
  }) {
    this.#stopGraceMs = options.stopGraceMs ?? 5_000;
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

  /** Waits until all that was told is published or given up, but not for long. */
  async stop(): Promise<void> {
    await Promise.race([
      this.#turns,
      setTimeout(this.#stopGraceMs, undefined, { ref: false }),
    ]);
    const left = [...this.#inHand, ...this.#waiting.splice(0)];
    if (left.length > 0) {
      this.#giveUp(
        left.map(({ eventPayload }) => eventPayload),
        new Error(
          `The process stops, and they were not published in ${
            this.#stopGraceMs
          } ms`,
        ),
      );
    }
  }

  async #publishWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.#inHand = this.#waiting.splice(0, maxEventsAtOnce);
      try {
        await this.#events.publishAll(this.#inHand);
      } catch (error) {
        this.#giveUp(
          this.#inHand.map(({ eventPayload }) => eventPayload),
          error,
        );
      }
      this.#inHand = [];
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
      `Subscribers may not hear of these builds of documentation, which themselves go on: ${list}`,
      error instanceof Error ? error : new Error(String(error)),
    );
  }
}
