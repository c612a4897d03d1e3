import { setTimeout as delay } from 'node:timers/promises';
import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import { createDice } from './createDice';
import { EndpointRecorder, type EndpointAnswer } from './EndpointRecorder';
import { listSentAgain } from './judgeArrivals';
import { openWebhookPortal } from './openWebhookPortal';
import { readMachineMs } from './replicaProtocol';
import { isFullSize } from './testSize';
import { listDelivered, waitUntilSettled } from './webhookStore';

const kills = isFullSize ? 20 : 2;
const eventsPerKill = 200;
const events = (kills + 1) * eventsPerKill;
const databases = createTestDatabases();
const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

/** Of twenty answers one is 500, and three come late; so something is always in hand, and keys wait for one another. */
function makeUnreliable(roll: () => number): () => EndpointAnswer {
  return () => {
    const chance = roll();
    if (chance < 0.05) {
      return { status: 500 };
    }
    return { status: 200, afterMs: chance < 0.2 ? 20 + 400 * roll() : 0 };
  };
}

describe.each(databases.ids)('a portal on %s that sends', databaseId => {
  it(`sends every event until it is taken, and in the order of its key, over ${kills} kills`, async () => {
    const seed = Date.now();
    process.stdout.write(`${databaseId}: seed ${seed}\n`);
    const roll = createDice(seed);
    const recorder = await EndpointRecorder.create(
      'orders',
      makeUnreliable(roll),
    );
    disposables.unshift(recorder);
    const opened = await openWebhookPortal(databases, databaseId, {
      orders: {
        url: recorder.url,
        topics: ['load'],
        // Each kill may cost an event an attempt.
        retryScheduleMs: [0, ...Array(29).fill(50)],
      },
    });
    disposables.unshift(opened);
    const { portal, publisher, group, knex } = opened;
    await portal.start();
    publisher.publish({
      topic: 'load',
      events,
      publishers: 8,
      keysPerPublisher: 4,
      payloadBytes: 500,
      pauseMs: 5,
    });
    const deathsMs: number[] = [];
    for (let kill = 1; kill <= kills; kill++) {
      await recorder.waitForTaken(kill * eventsPerKill);
      await delay(300 * roll());
      await portal.kill();
      // What it had sent and the kernel still has arrives meanwhile.
      await delay(100);
      deathsMs.push(readMachineMs());
      await portal.start();
    }
    await group.waitForAcknowledged(events);
    await recorder.waitForTaken(events);
    await waitUntilSettled(knex, ['orders']);

    const acknowledged = group.readAcknowledged();
    const { sentAgain, ...verdict } = recorder.judge(acknowledged);
    expect(verdict).toEqual({
      lost: [],
      disordered: [],
      overlapping: [],
      early: [],
    });
    expect(listSentAgain(recorder.arrivals, deathsMs)).toEqual([]);
    // Whatever was killed, of each event somebody has written down that it was delivered.
    const delivered = await listDelivered(knex, 'orders');
    expect(delivered.sort()).toEqual(acknowledged.map(({ id }) => id).sort());
    const refused = recorder.arrivals.filter(
      ({ outcome }) => outcome === 'failed',
    );
    process.stdout.write(
      `${databaseId}: ${kills} kills, ${events} events, ${refused.length} answered 500, ${sentAgain.length} sent again\n`,
    );
  }, 1_800_000);
});
