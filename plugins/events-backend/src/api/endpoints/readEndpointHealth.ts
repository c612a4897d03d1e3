import type { EndpointHealthView } from '@callboard/backstage-plugin-events-common';
import { toSubscriptionId, type Endpoint } from '../../endpoints';
import type { EndpointApi } from './EndpointApiOptions';
import { toInstant } from './endpointViews';
import { sinceOf } from './sinceOf';

const windowMs = 24 * 3_600_000;

/** Says how an endpoint fares: whether it is sent anything, how that went of late, and what waits. */
export async function readEndpointHealth(
  {
    endpoints,
    subscriptions,
    deliveries,
    log,
    door,
  }: Pick<
    EndpointApi,
    'endpoints' | 'subscriptions' | 'deliveries' | 'log' | 'door'
  >,
  endpoint: Endpoint,
): Promise<EndpointHealthView> {
  const { id, state } = endpoint;
  const subscriptionId = toSubscriptionId(id);
  const [summary, kept, owed, subscription] = await Promise.all([
    endpoints.summarizeAttempts(
      id,
      Math.max(sinceOf(endpoint), Date.now() - windowMs),
    ),
    endpoints.readHealth(id),
    deliveries.count(subscriptionId, ['due', 'blocked', 'claimed', 'dead']),
    subscriptions.read(subscriptionId),
  ]);
  // Behind the cursor, which is not beyond it then.
  const { tail } = await log.ends();
  const breaker = door.readBreaker(kept?.health);
  const problem = await door.findSendingProblem(endpoint);
  return {
    state,
    problem: problem ?? null,
    breaker: {
      state: breaker.state,
      until: toInstantOrNull(breaker.untilMs),
    },
    window: '24h',
    attempts: summary.attempts,
    successRate:
      summary.attempts === 0 ? null : summary.delivered / summary.attempts,
    p50Ms: summary.p50Ms ?? null,
    p95Ms: summary.p95Ms ?? null,
    lag: subscription ? await subscriptions.readLag(subscription, tail) : 0,
    owed: {
      due: owed.get('due') ?? 0,
      blocked: owed.get('blocked') ?? 0,
      claimed: owed.get('claimed') ?? 0,
      dead: owed.get('dead') ?? 0,
    },
    lastDeliveredAt: toInstantOrNull(summary.lastDeliveredAtMs),
    lastFailedAt: toInstantOrNull(summary.lastFailedAtMs),
    lastError: subscription?.lastError ?? null,
  };
}

function toInstantOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : toInstant(ms);
}
