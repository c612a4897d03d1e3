import type { DeliveryState } from '@callboard/backstage-plugin-events-common';
import { decideRetry, type RetryPolicy } from '../model/retryPolicy';
import type { Settlement } from '../model/batch';

/** What is written about one event when its batch is settled. */
export interface PlannedDelivery {
  settlement: Settlement;
  state: DeliveryState;
  attempts: number;
  /** Pause until it is due, in milliseconds. */
  delayMs: number;
  error: string | undefined;
}

/**
 * Decides what settling writes: nothing for an event that went well at once, a delivery for every other.
 *
 * @param random - from 0 to 1, for the jitter of pauses
 */
export function planSettlement(
  settlements: readonly Settlement[],
  policy: RetryPolicy,
  random: () => number,
): PlannedDelivery[] {
  return settlements.flatMap(settlement => {
    const { outcome, attempt, owed } = settlement;
    const { key } = settlement.event;
    switch (outcome.kind) {
      case 'delivered':
        return owed
          ? [
              {
                settlement,
                state: 'delivered',
                attempts: attempt,
                delayMs: 0,
                error: undefined,
              },
            ]
          : [];
      case 'untried': {
        const { afterMs: delayMs = 0 } = outcome;
        return [
          {
            settlement,
            // Whoever is first of its key is made due afterwards, without a pause.
            state: key === undefined || delayMs > 0 ? 'due' : 'blocked',
            attempts: attempt - 1,
            delayMs,
            error: undefined,
          },
        ];
      }
      case 'lapsed':
        // Whoever waited for the lease to lapse has waited long enough.
        return [
          attempt >= policy.maxAttempts
            ? planned(settlement, 'dead', 0, vanished)
            : planned(
                settlement,
                key === undefined ? 'due' : 'blocked',
                0,
                vanished,
              ),
        ];
      case 'failed': {
        const retry = outcome.next ?? decideRetry(policy, attempt, random());
        return [
          retry === 'dead'
            ? planned(settlement, 'dead', 0, outcome.error)
            : planned(settlement, 'due', retry.delayMs, outcome.error),
        ];
      }
      default:
        throw new Error(`Unknown outcome ${JSON.stringify(outcome)}`);
    }
  });
}

const vanished = 'The reader vanished before it settled';

function planned(
  settlement: Settlement,
  state: DeliveryState,
  delayMs: number,
  error: string,
): PlannedDelivery {
  return { settlement, state, attempts: settlement.attempt, delayMs, error };
}
