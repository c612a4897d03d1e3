import type { JsonObject } from '@backstage/types';
import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import { EndpointRecorder } from './EndpointRecorder';
import { findFreePort } from './findFreePort';
import { openWebhookPortal } from './openWebhookPortal';
import { waitUntil } from './ReplicaGroup';
import { readMachineMs } from './replicaProtocol';
import { isFullSize } from './testSize';
import { readBreaker, waitUntilSettled } from './webhookStore';

const events = isFullSize ? 2_000 : 200;
/** Below the time limit of 15 s. */
const slowMs = 14_000;
const databases = createTestDatabases();
const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

describe.each(databases.ids)('eight endpoints on %s', databaseId => {
  it(`are sent everything while one beside them is dead and one answers each event after ${slowMs} ms`, async () => {
    let answerMs = slowMs;
    const slow = await EndpointRecorder.create('slow', () => ({
      status: 200,
      afterMs: answerMs,
    }));
    const healthy = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        EndpointRecorder.create(`healthy-${index}`),
      ),
    );
    disposables.unshift(slow, ...healthy);
    const declare = (url: string) => ({ url, topics: ['load'] });
    const endpoints: [string, JsonObject][] = [slow, ...healthy].map(
      ({ name, url }) => [name, declare(url)],
    );
    const deadUrl = `http://127.0.0.1:${await findFreePort()}`;
    const opened = await openWebhookPortal(databases, databaseId, {
      ...Object.fromEntries(endpoints),
      dead: declare(deadUrl),
    });
    disposables.unshift(opened);
    const { portal, publisher, group, knex } = opened;
    await portal.start();

    const beganMs = readMachineMs();
    publisher.publish({
      topic: 'load',
      events,
      publishers: 8,
      keysPerPublisher: 4,
      payloadBytes: 500,
    });
    for (const recorder of healthy) {
      await recorder.waitForTaken(events);
    }
    const tookMs = readMachineMs() - beganMs;
    // It has had ten requests at a time, which are all that it may have, and the others waited for none of them.
    const answeredRounds = Math.floor(tookMs / slowMs);
    const takenMeanwhile = slow.takenCount;
    expect(takenMeanwhile).toBeLessThanOrEqual(10 * answeredRounds);
    expect(slow.arrivals.length).toBeLessThanOrEqual(10 * (answeredRounds + 1));
    await waitUntil(
      async () => (await readBreaker(knex, 'dead')) === 'open',
      () => 'the breaker of the dead one is not open',
    );

    answerMs = 0;
    await slow.waitForTaken(events);
    await waitUntilSettled(
      knex,
      [slow, ...healthy].map(({ name }) => name),
    );
    for (const recorder of [slow, ...healthy]) {
      const { name } = recorder;
      expect({ name, ...recorder.judge(group.readAcknowledged()) }).toEqual({
        name,
        lost: [],
        disordered: [],
        overlapping: [],
        early: [],
        sentAgain: [],
      });
    }
    process.stdout.write(
      `${databaseId}: ${events} events sent to each of eight endpoints within ${(
        tookMs / 1_000
      ).toFixed(1)} s, and ${takenMeanwhile} to the slow one\n`,
    );
  }, 600_000);
});
