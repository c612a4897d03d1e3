import type { Knex } from 'knex';
import type { Dialect } from '../../database';
import type { AttemptRow } from '../deliveryRow';
import type { PlannedDelivery } from '../planSettlement';

/** SQLite takes no more in one statement. */
const rowsPerStatement = 500;

/**
 * Writes down the attempts of deliveries. They are numbered on over replays, while the delivery's own count starts
 * over.
 */
export async function recordAttempts(
  trx: Knex.Transaction,
  dialect: Dialect,
  subscriptionId: string,
  planned: readonly PlannedDelivery[],
): Promise<void> {
  const tried = planned.flatMap(({ settlement, error }) => {
    const { outcome } = settlement;
    const { position } = settlement.event;
    return outcome.kind === 'untried' ? [] : [{ position, outcome, error }];
  });
  if (tried.length === 0) {
    return;
  }
  const last: Pick<AttemptRow, 'position' | 'number'>[] = await trx(
    'callboard_attempts',
  )
    .where({ subscription_id: subscriptionId })
    .whereIn(
      'position',
      tried.map(({ position }) => position),
    )
    .groupBy('position')
    .select('position')
    .max({ number: 'number' });
  const lastOf = new Map(
    last.map(({ position, number }) => [Number(position), number]),
  );
  await trx.batchInsert(
    'callboard_attempts',
    tried.map(({ position, outcome, error }) => ({
      subscription_id: subscriptionId,
      position,
      number: (lastOf.get(position) ?? 0) + 1,
      time: trx.raw(dialect.nowMs),
      outcome: outcome.kind,
      duration_ms:
        outcome.kind === 'lapsed' ? null : Math.round(outcome.durationMs),
      error: error ?? null,
    })),
    rowsPerStatement,
  );
}
