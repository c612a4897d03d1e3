import { metrics } from '@opentelemetry/api';

const scope = '@callboard/backstage-plugin-events-backend-module-github';

/**
 * Measurements, in OpenTelemetry: nothing happens until the backend installs an SDK.
 *
 * @remarks
 * Every name is documented in `docs/operations/telemetry.md`.
 */
export class RecoveryTelemetry {
  readonly #meter = metrics.getMeter(scope);
  readonly #recovered = this.#meter.createCounter(
    'callboard.github.recovered',
    { description: 'Webhooks that did not arrive, and were fetched' },
  );
  readonly #failures = this.#meter.createCounter(
    'callboard.github.recovery.failures',
    {
      description:
        'Webhooks that could not be recovered, and turns that stopped before their end',
    },
  );

  onRecovered(reason: string): void {
    this.#recovered.add(1, { reason });
  }

  /** @param what - whether one delivery failed, or a turn */
  onFailed(what: 'delivery' | 'turn', reason: string): void {
    this.#failures.add(1, { what, reason });
  }
}
