import { setTimeout as pause } from 'node:timers/promises';
import type { Scheduler } from 'fast-check';
import type { Store } from '../../database';
import { drain } from './drain';
import type { History } from './History';
import type { Interleaving } from './Interleaving';
import { clearStore, findBlocked, type SteppedReplicas } from './openReplicas';
import { Stepper } from './Stepper';
import { World } from './World';

/** Nothing takes so long, so two operations wait for each other. */
const stuckAfterMs = 20_000;

/**
 * Plays an interleaving on an emptied store, and lets healthy readers have the rest.
 *
 * @returns what happened
 */
export async function playInterleaving(
  store: Store,
  replicas: SteppedReplicas,
  interleaving: Interleaving,
  scheduler: Scheduler,
): Promise<History> {
  const stepper = new Stepper({
    scheduler,
    findBlocked: processes => findBlocked(store, processes),
  });
  replicas.follow(undefined);
  await clearStore(replicas.stores[0]);
  const world = new World({
    store,
    replicas: replicas.stores,
    stepper,
    maxAttempts: interleaving.maxAttempts,
  });
  // Most of what may go wrong needs a subscription.
  await world.replicas[0].subscriptions.register('s1', ['a']);
  const span = { start: world.history.tick(), end: world.history.tick() };
  world.history.registrations.push({
    ...span,
    subscriptionId: 's1',
    topics: ['a'],
    answer: true,
  });

  replicas.follow(stepper);
  try {
    await playCommands(world, interleaving, scheduler);
  } finally {
    stepper.open();
  }
  await drain(world);
  return world.history;
}

/** Begins commands and lets them go on, a few side by side, until all have ended. */
async function playCommands(
  world: World,
  { commands, sideBySide }: Interleaving,
  scheduler: Scheduler,
): Promise<void> {
  const waiting = [...commands];
  let underWay = 0;
  let offered = false;

  /** Lets the scheduler choose between the next command and what is under way. */
  function offerNext() {
    if (offered || underWay >= sideBySide || waiting.length === 0) {
      return;
    }
    offered = true;
    const command = waiting[0];
    void scheduler.schedule(Promise.resolve(), `${command}`).then(async () => {
      waiting.shift();
      offered = false;
      underWay += 1;
      try {
        await command.run(world);
      } catch (error) {
        world.history.errors.push(`${command} failed: ${error}`);
      }
      underWay -= 1;
    });
  }

  let stuckAt = performance.now() + stuckAfterMs;
  for (;;) {
    await world.stepper.settleDown();
    offerNext();
    if (scheduler.count() > 0) {
      await scheduler.waitOne();
      stuckAt = performance.now() + stuckAfterMs;
    } else if (underWay === 0) {
      return;
    } else if (performance.now() > stuckAt) {
      world.history.errors.push('Operations wait for each other for ever');
      return;
    } else {
      await pause(1);
    }
  }
}
