import { setTimeout as delay } from 'node:timers/promises';
import { createDice } from './createDice';
import { EndpointRecorder, type EndpointAnswer } from './EndpointRecorder';
import { openWebhookPortalOn } from './openWebhookPortal';
import { isFullSize } from './testSize';
import {
  describeWithPostgresTools,
  ThrowawayPostgres,
} from './ThrowawayPostgres';
import { waitUntilSettled } from './webhookStore';

const crashes = isFullSize ? 20 : 2;
const eventsPerCrash = 300;
const events = (crashes + 1) * eventsPerCrash;
const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

/** So slow that requests are under way at any moment; a few are refused. */
function makeSlow(roll: () => number): () => EndpointAnswer {
  return () => ({
    status: roll() < 0.05 ? 500 : 200,
    afterMs: Math.ceil(100 * roll()),
  });
}

describeWithPostgresTools(
  'a portal that sends, whose PostgreSQL server crashes',
  tools => {
    it(`sends every event until it is taken, and in the order of its key, over ${crashes} crashes`, async () => {
      const seed = Date.now();
      process.stdout.write(`Seed ${seed}\n`);
      const roll = createDice(seed);
      const postgres = await ThrowawayPostgres.create(tools);
      disposables.unshift(postgres);
      await postgres.start();
      const recorder = await EndpointRecorder.create('orders', makeSlow(roll));
      disposables.unshift(recorder);
      const opened = await openWebhookPortalOn(postgres.connection, {
        orders: {
          url: recorder.url,
          topics: ['load'],
          // Each crash may cost an event an attempt.
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
      for (let crash = 1; crash <= crashes; crash++) {
        await recorder.waitForTaken(crash * eventsPerCrash);
        await delay(300 * roll());
        await postgres.crash();
        // Shorter and longer than the lease.
        await delay([0, 1_000, 6_000][crash % 3]);
        await postgres.start();
      }
      await group.waitForAcknowledged(events);
      await recorder.waitForTaken(events);
      await waitUntilSettled(knex, ['orders']);

      const { sentAgain, ...verdict } = recorder.judge(
        group.readAcknowledged(),
      );
      expect(verdict).toEqual({
        lost: [],
        disordered: [],
        overlapping: [],
        early: [],
      });
      process.stdout.write(
        `${crashes} crashes of PostgreSQL, ${events} events, ${sentAgain.length} sent again\n`,
      );
    }, 1_800_000);
  },
);
