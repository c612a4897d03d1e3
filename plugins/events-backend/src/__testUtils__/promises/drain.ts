import { delivered, settlementsOf } from '../pools';
import {
  claimBatch,
  lapseAll,
  passPauses,
  rescueLapsed,
  settleBatch,
} from './commands/operations';
import { replay } from './commands/replaying';
import type { World } from './World';

/** Far more turns than there are events. */
const maxTurns = 1_000;
const states = ['due', 'blocked', 'claimed'] as const;

/**
 * Ends a history: every reader vanishes, and one that is healthy claims and settles all there is. Then what is dead is
 * replayed and handled as well. What remains is noted.
 */
export async function drain(world: World): Promise<void> {
  world.readers.forEach(reader => {
    reader.held = [];
  });
  await lapseAll(world, 0);
  await rescueLapsed(world, 0);
  const { log, deliveries, subscriptions } = world.onlooker;
  // What was asked for again just when its event was trimmed goes at the next turn of that chore.
  await deliveries.removeUpTo((await log.ends()).head, 10_000);
  await handleAll(world);
  for (const subscriptionId of world.history.listSubscriptions()) {
    await replay(world, 0, subscriptionId, { query: { state: 'dead' } });
  }
  await handleAll(world);

  const end = await log.readAfter(
    world.followedTo,
    {},
    { events: 10_000, bytes: 1_000_000_000 },
  );
  world.history.followed.push(...end.events);
  const all = await log.readAfter(
    0,
    {},
    { events: 10_000, bytes: 1_000_000_000 },
  );
  const left = await deliveries.list({ limit: 10_000 });
  const claimed = await subscriptions.listClaimed();
  world.history.remains = {
    log: all.events,
    lags: await subscriptions.listLags(),
    owed: left
      .filter(({ state }) => states.some(owed => owed === state))
      .map(
        row =>
          `${row.position} is ${row.state} for ${row.subscription_id} after ${row.attempts} attempts`,
      ),
    dead: left
      .filter(({ state }) => state === 'dead')
      .map(row => `${row.position} for ${row.subscription_id}`),
    heldBatches: claimed.size,
  };
}

async function handleAll(world: World): Promise<void> {
  const reader = world.readers[0];
  for (let turn = 0; turn < maxTurns; turn++) {
    await passPauses(world);
    let found = false;
    for (const subscriptionId of world.history.listSubscriptions()) {
      const held = await claimBatch(world, {
        reader,
        subscriptionId,
        options: { maxEvents: 100, maxBytes: 1_000_000, patienceMs: 3_600_000 },
      });
      if (held) {
        found = true;
        await settleBatch(world, {
          reader,
          held,
          settlements: settlementsOf(held.batch, () => delivered),
        });
      }
    }
    if (!found) {
      return;
    }
  }
  world.history.errors.push(
    `There was still something to claim after ${maxTurns} turns`,
  );
}
