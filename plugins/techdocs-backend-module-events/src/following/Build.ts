import { randomUUID } from 'node:crypto';
import type { TechDocsBuild } from '@callboard/backstage-plugin-events-common';

/** What is to be told about a build. */
export interface BuildStep {
  action: TechDocsBuild['action'];
  entityRef: string;
  startedAt: Date;
  /** The same for all steps of one build. */
  correlationId: string;
}

/**
 * One build of the documentation of one entity, and how far it has been told.
 *
 * @remarks
 * ```
 * considered ──► started ──► generated ──► ended
 *      │            └──────────────────────▲ ▲
 *      └───────────────────────────────────┘ dismissed: there was nothing to build
 * ```
 *
 * `started` and `ended` are told once, and no end without a start. What comes after the end changes nothing.
 */
export class Build {
  readonly entityRef: string;
  readonly #startedAt = new Date();
  readonly #correlationId = randomUUID();
  readonly #tell: (step: BuildStep) => void;
  #stage: 'considered' | 'started' | 'generated' | 'ended' = 'considered';

  constructor(entityRef: string, tell: (step: BuildStep) => void) {
    this.entityRef = entityRef;
    this.#tell = tell;
  }

  get hasGenerated(): boolean {
    return this.#stage === 'generated';
  }

  get hasEnded(): boolean {
    return this.#stage === 'ended';
  }

  /** Notes that there is something to build. */
  start(): void {
    if (this.#stage === 'considered') {
      this.#stage = 'started';
      this.#say('build_started');
    }
  }

  /** Notes that the pages are made, and not yet where readers find them. */
  markGenerated(): void {
    if (this.#stage === 'started') {
      this.#stage = 'generated';
    }
  }

  /** Ends what turned out to be no build, untold. */
  dismiss(): void {
    if (this.#stage === 'considered') {
      this.#stage = 'ended';
    }
  }

  complete(): void {
    this.#end('build_completed');
  }

  fail(): void {
    this.#end('build_failed');
  }

  #end(action: 'build_completed' | 'build_failed'): void {
    if (this.#stage === 'ended') {
      return;
    }
    this.start();
    this.#stage = 'ended';
    this.#say(action);
  }

  #say(action: BuildStep['action']): void {
    this.#tell({
      action,
      entityRef: this.entityRef,
      startedAt: this.#startedAt,
      correlationId: this.#correlationId,
    });
  }
}
