import type { Settlement } from '../../../model/batch';
import type { ClaimOptions } from '../../../subscriptions';
import type { Mishap } from '../Stepper';
import type { Reader, World } from '../World';

/** Claims a batch, and notes what is handed to the reader. */
export async function claimBatch(
  world: World,
  input: {
    reader: Reader;
    subscriptionId: string;
    options: Omit<ClaimOptions, 'leaseMs'>;
    mishap?: Mishap;
  },
): Promise<Reader['held'][number] | undefined> {
  const { reader, subscriptionId } = input;
  const { subscriptions } = world.poolsOf(reader);
  const { answer, ...span } = await world.perform('claim', input.mishap, () =>
    // Long enough not to lapse before a command says so.
    subscriptions.claim(subscriptionId, {
      ...input.options,
      leaseMs: 3_600_000,
    }),
  );
  if (!answer) {
    world.history.lostClaims.push({ subscriptionId, ...span });
  }
  if (!answer?.batch) {
    return undefined;
  }
  const { batch } = answer;
  const dead = await world.stepper.hold(
    world.onlooker.deliveries.list({
      state: 'dead',
      subscriptionId,
      limit: 1_000,
    }),
  );
  world.history.handovers.push({
    ...span,
    subscriptionId,
    batch,
    dead: new Set(dead.map(({ position }) => Number(position))),
  });
  const held = { batch, settled: false };
  reader.held.push(held);
  return held;
}

/** Settles a batch, and notes what came of it. */
export async function settleBatch(
  world: World,
  input: {
    reader: Reader;
    held: Reader['held'][number];
    settlements: Settlement[];
    mishap?: Mishap;
  },
): Promise<void> {
  const { held, settlements } = input;
  const { ticket, subscriptionId } = held.batch;
  const { subscriptions } = world.poolsOf(input.reader);
  const operation = await world.perform('settle', input.mishap, () =>
    subscriptions.settle(ticket, subscriptionId, settlements),
  );
  // Without an answer it is tried again.
  held.settled ||= operation.answer !== undefined;
  world.history.settlings.push({
    subscriptionId,
    ticket,
    settlements,
    ...operation,
  });
}

/** Rescues what has lapsed. */
export async function rescueLapsed(
  world: World,
  replica: number,
  mishap?: Mishap,
): Promise<void> {
  const { subscriptions } = world.replicas[replica];
  const operation = await world.perform('rescue', mishap, async () => {
    const { failure } = await subscriptions.rescueLapsed(1_000);
    if (failure !== undefined) {
      throw failure;
    }
    return true as const;
  });
  world.history.rescues.push(operation);
}

/** Lets leases lapse. */
export async function lapse(
  world: World,
  replica: number,
  tickets: readonly string[],
): Promise<void> {
  const { store } = world.replicas[replica];
  for (const ticket of tickets) {
    const { start, end } = await world.perform('lapse', undefined, () =>
      store
        .knex('callboard_batches')
        .where({ ticket })
        .update({ leased_until: 0 }),
    );
    world.history.lapses.push({ ticket, start, end });
  }
}

/** Lets the lease of everything lapse that anybody has in hand. */
export async function lapseAll(world: World, replica: number): Promise<void> {
  const { knex } = world.onlooker.store;
  const tickets: string[] = await world.stepper.hold(
    knex('callboard_batches').orderBy('ticket').pluck('ticket'),
  );
  await lapse(world, replica, tickets);
}

/** Lets every pause of a delivery pass. */
export async function passPauses(world: World): Promise<void> {
  const { knex, dialect } = world.replicas[0].store;
  const subscriptionIds = world.history.listSubscriptions().sort();
  await world.perform('pass pauses', undefined, () =>
    knex.transaction(async trx => {
      // Like whoever changes deliveries.
      for (const id of subscriptionIds) {
        await dialect.lockSubscription(trx, id);
      }
      await trx('callboard_deliveries')
        .where('due_at', '>', 0)
        .update({ due_at: 0 });
    }),
  );
}
