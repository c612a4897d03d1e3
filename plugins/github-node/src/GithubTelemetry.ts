import { metrics } from '@opentelemetry/api';
import type { Budgets, BudgetOwner, GithubResource } from './budget';
import type { GithubErrorKind } from './GithubError';

const scope = '@callboard/backstage-plugin-github-node';

/**
 * Measurements, in OpenTelemetry: nothing happens until the backend installs an SDK.
 *
 * @remarks
 * Every name is documented in `docs/operations/telemetry.md`.
 */
export class GithubTelemetry {
  readonly #meter = metrics.getMeter(scope);
  readonly #requests = this.#meter.createCounter('callboard.github.requests', {
    description: 'Requests to GitHub, by outcome',
  });
  readonly #limited = this.#meter.createCounter('callboard.github.limited', {
    description: 'Requests that a rate limit of GitHub forbade',
  });

  constructor(budgets: Budgets) {
    this.#meter
      .createObservableGauge('callboard.github.budget.remaining', {
        description: 'What is left of a rate limit of GitHub',
      })
      .addCallback(result => {
        for (const budget of budgets.list()) {
          for (const { resource, remaining } of budget.listRemaining()) {
            result.observe(remaining, { ...budget.owner, resource });
          }
        }
      });
  }

  /** @param outcome - `answered`, or what came of it */
  onAsked(
    owner: BudgetOwner,
    resource: GithubResource,
    outcome: GithubErrorKind | 'answered' | 'given up',
  ): void {
    this.#requests.add(1, { ...owner, resource, outcome });
  }

  /** @param limit - which one GitHub said was met; `waiting` if it was not asked */
  onLimited(
    owner: BudgetOwner,
    resource: GithubResource,
    limit: 'primary' | 'secondary' | 'waiting',
  ): void {
    this.#limited.add(1, { ...owner, resource, limit });
  }
}
