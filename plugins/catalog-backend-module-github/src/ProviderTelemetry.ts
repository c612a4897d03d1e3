import { metrics } from '@opentelemetry/api';
import type { PendingHint } from './repositories';

const meter = metrics.getMeter(
  '@callboard/backstage-plugin-catalog-backend-module-github',
);

/**
 * What a provider measures, in OpenTelemetry: nothing happens until the backend installs an SDK.
 *
 * @remarks
 * Every name is documented in `docs/operations/telemetry.md`. Durations are in seconds.
 */
export class ProviderTelemetry {
  readonly #attributes: { provider: string };
  readonly #hints = meter.createCounter('callboard.github.hints', {
    description:
      'Hints that events gave of repositories, and events passed over',
  });
  readonly #repairs = meter.createCounter('callboard.github.repairs', {
    description: 'Repositories that a scan had to repair: what webhooks lost',
  });
  readonly #latency = meter.createHistogram(
    'callboard.github.push_to_catalog',
    {
      unit: 's',
      description: 'From a push until the catalog was told of it',
    },
  );
  readonly #scans = meter.createCounter('callboard.github.scans', {
    description: 'Scans, by kind and whether they went well',
  });

  constructor(provider: string) {
    this.#attributes = { provider };
  }

  onRead(topic: string, isHint: boolean): void {
    this.#hints.add(1, {
      ...this.#attributes,
      topic,
      outcome: isHint ? 'kept' : 'passed_over',
    });
  }

  onRepair(change: { added: string[]; removed: string[] }): void {
    const { added, removed } = change;
    const kinds = [
      ...(added.length > 0 ? ['added'] : []),
      ...(removed.length > 0 ? ['removed'] : []),
    ];
    this.#repairs.add(1, {
      ...this.#attributes,
      kind: kinds.join('_and_') || 'refreshed',
    });
  }

  /** @param hints - of events that changed the catalog */
  onFollowed(hints: readonly PendingHint[], nowMs: number): void {
    for (const { push } of hints) {
      // GitHub tells whole seconds, by a clock of its own.
      if (push && push.pushedAtMs > 0) {
        this.#latency.record(
          Math.max(0, nowMs - push.pushedAtMs) / 1_000,
          this.#attributes,
        );
      }
    }
  }

  onScan(kind: 'full' | 'recent', outcome: 'ended' | 'failed'): void {
    this.#scans.add(1, { ...this.#attributes, kind, outcome });
  }
}
