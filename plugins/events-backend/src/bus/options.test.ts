import { createBackendPlugin } from '@backstage/backend-plugin-api';
import type { EventParams } from '@backstage/plugin-events-node';
import {
  createEventParams,
  defineTopic,
  describeEvent,
  durableEventsServiceRef,
  type DurableEventsService,
} from '@callboard/backstage-plugin-events-node';
import type { JsonObject } from '@backstage/types';
import type { Knex } from 'knex';
import { z } from 'zod';
import { createRecorder } from '../__testUtils__/createParticipant';
import { createTestStores, type StoreId } from '../__testUtils__/stores';
import { startPortal } from '../__testUtils__/startPortal';

const stores = createTestStores();

const impatient: JsonObject = {
  events: {
    handlers: {
      retry: {
        maxAttempts: 3,
        initialDelay: { milliseconds: 1 },
        maxDelay: { milliseconds: 5 },
      },
    },
  },
};

/** A portal with a plugin `alpha`, and the service that it was given. */
async function start(knex: Knex) {
  let give = (_: DurableEventsService) => {};
  const given = new Promise<DurableEventsService>(resolve => {
    give = resolve;
  });
  const alpha = createBackendPlugin({
    pluginId: 'alpha',
    register(env) {
      env.registerInit({
        deps: { service: durableEventsServiceRef },
        init: async ({ service }) => give(service),
      });
    },
  });
  const portal = await startPortal({
    knex,
    config: impatient,
    features: [alpha],
  });
  return { stop: portal.stop, events: await given };
}

/** Looks at a table again and again until there is what is looked for. */
async function waitForRow(knex: Knex, table: string, row: object) {
  for (;;) {
    const found = await knex(table).where(row).first();
    if (found) {
      return found;
    }
    await new Promise(setImmediate);
  }
}

const payloadsOf = (received: readonly EventParams[]) =>
  received.map(({ eventPayload }) => eventPayload);

const open = (storeId: StoreId) => stores.openEmpty(storeId);

describe.each(stores.ids)('what a subscription can be told, on %s', storeId => {
  it('begins where it is told, and goes on where it was from then on', async () => {
    const knex = await open(storeId);
    const { events, stop } = await start(knex);
    await events.publish({ topic: 't', eventPayload: 1 });
    await knex('callboard_events').update({ time: 1_000 });
    await events.publish({ topic: 't', eventPayload: 2 });
    const starts = {
      beginning: 'beginning' as const,
      time: new Date(2_000),
      end: 'end' as const,
      future: new Date(Date.now() + 86_400_000),
    };
    const recorders = Object.entries(starts).map(([id, startAt]) => ({
      id,
      startAt,
      recorder: createRecorder(),
    }));
    for (const { id, startAt, recorder } of recorders) {
      const { onEvent } = recorder;
      await events.subscribe({ id, startAt, topics: ['t'], onEvent });
    }
    await events.publish({ topic: 't', eventPayload: 3 });
    const [beginning, time, end, future] = recorders;
    await Promise.all([
      beginning.recorder.waitFor(3),
      time.recorder.waitFor(2),
      end.recorder.waitFor(1),
      future.recorder.waitFor(1),
    ]);
    await stop();
    expect(payloadsOf(beginning.recorder.received).sort()).toEqual([1, 2, 3]);
    expect(payloadsOf(time.recorder.received).sort()).toEqual([2, 3]);
    expect(payloadsOf(end.recorder.received)).toEqual([3]);
    expect(payloadsOf(future.recorder.received)).toEqual([3]);

    const again = createRecorder();
    const after = await start(knex);
    await after.events.subscribe({
      id: 'beginning',
      startAt: 'beginning',
      topics: ['t'],
      onEvent: again.onEvent,
    });
    await after.events.publish({ topic: 't', eventPayload: 4 });
    await again.waitFor(1);
    await after.stop();
    expect(payloadsOf(again.received)).toEqual([4]);
  });

  it('is tried as often as it says', async () => {
    const knex = await open(storeId);
    const { events, stop } = await start(knex);
    const recorder = createRecorder(() => {
      throw new Error('never');
    });
    await events.subscribe({
      id: 's',
      topics: ['t'],
      retry: { maxAttempts: 2 },
      onEvent: recorder.onEvent,
    });
    await events.publish({ topic: 't', eventPayload: 1 });
    await waitForRow(knex, 'callboard_deliveries', { state: 'dead' });
    await stop();
    expect(recorder.received).toHaveLength(2);
  });

  it('handles no more side by side than it says', async () => {
    const { events, stop } = await start(await open(storeId));
    let busy = 0;
    let most = 0;
    const recorder = createRecorder(async () => {
      busy += 1;
      most = Math.max(most, busy);
      await new Promise(setImmediate);
      busy -= 1;
    });
    await events.subscribe({
      id: 's',
      topics: ['t'],
      concurrency: 2,
      onEvent: recorder.onEvent,
    });
    await events.publishAll(
      Array.from({ length: 20 }, (_, eventPayload) => ({
        topic: 't',
        eventPayload,
      })),
    );
    await recorder.waitFor(20);
    await stop();
    expect(most).toBe(2);
  });

  it('takes batches, and gives again what failed and what is behind it with its key', async () => {
    const { events, stop } = await start(await open(storeId));
    const batches: unknown[][] = [];
    const done = new Promise<void>(resolve => {
      const handled = new Set<unknown>();
      events
        .subscribe({
          id: 's',
          topics: ['t'],
          startAt: 'beginning',
          async onBatch(batch) {
            batches.push(payloadsOf(batch));
            const failed = batch.findIndex(
              params =>
                params.eventPayload === 1 &&
                describeEvent(params).attempt === 1,
            );
            batch
              .slice(0, failed < 0 ? undefined : failed)
              .forEach(({ eventPayload }) => handled.add(eventPayload));
            if (handled.size === 4) {
              resolve();
            }
            return failed < 0 ? [] : [{ index: failed, error: 'boom' }];
          },
        })
        .catch(() => {});
    });
    await events.publishAll(
      [0, 1, 2, 3].map(eventPayload =>
        createEventParams({ topic: 't', eventPayload, key: 'k' }),
      ),
    );
    await done;
    await stop();
    // The last call of each event is in the order of the log.
    const flat = batches.flat();
    const last = [0, 1, 2, 3].map(payload => flat.lastIndexOf(payload));
    expect(last).toEqual([...last].sort((a, b) => a - b));
  });

  it('keeps what only another process takes, without an attempt and in order, until one with its handler claims it', async () => {
    const knex = await open(storeId);
    const { events, stop } = await start(knex);
    const controller = new AbortController();
    const recorder = createRecorder();
    const { onEvent } = recorder;
    const shared = { id: 's', retry: { maxAttempts: 1 }, onEvent };
    const newer = { ...shared, topics: ['t', 'added'] };
    await events.subscribe({ ...newer, signal: controller.signal });
    await events.subscribe({ ...shared, topics: ['t'] });
    controller.abort();
    await events.publishAll(
      ['added', 't'].map(topic =>
        createEventParams({ topic, eventPayload: topic, key: 'k' }),
      ),
    );
    expect(
      await waitForRow(knex, 'callboard_deliveries', { topic: 'added' }),
    ).toMatchObject({ state: 'due', attempts: 0 });
    expect(recorder.received).toEqual([]);
    await events.subscribe(newer);
    await recorder.waitFor(2);
    await stop();
    expect(payloadsOf(recorder.received)).toEqual(['added', 't']);
    expect(
      recorder.received.map(params => describeEvent(params).attempt),
    ).toEqual([1, 1]);
  }, 60_000);

  it('leaves its cursor where it was when its handler ends, and goes on there', async () => {
    const knex = await open(storeId);
    const { events, stop } = await start(knex);
    const controller = new AbortController();
    const recorder = createRecorder();
    const { onEvent } = recorder;
    const subscription = { id: 's', topics: ['t'], onEvent };
    await events.subscribe({ ...subscription, signal: controller.signal });
    await events.publish({ topic: 't', eventPayload: 1 });
    await recorder.waitFor(1);
    controller.abort();
    await events.publish({ topic: 't', eventPayload: 2 });
    await events.subscribe(subscription);
    await recorder.waitFor(2);
    await stop();
    expect(payloadsOf(recorder.received)).toEqual([1, 2]);
  });

  it('is gone with its process when it belongs to that', async () => {
    const knex = await open(storeId);
    const { events, stop } = await start(knex);
    const recorder = createRecorder();
    await events.subscribe({
      id: 's',
      topics: ['t'],
      perProcess: true,
      onEvent: recorder.onEvent,
    });
    const [row] = await knex('callboard_subscriptions');
    expect(row.id).toMatch(/^alpha\.s\.[0-9a-f-]{36}$/);
    expect(Number(row.expires_after)).toBe(600_000);
    await events.publish({ topic: 't', eventPayload: 1 });
    await recorder.waitFor(1);
    await stop();
    expect(await knex('callboard_subscriptions')).toEqual([]);
  });

  it('refuses a payload that does not fit its topic, at both ends', async () => {
    const knex = await open(storeId);
    const { events, stop } = await start(knex);
    const counts = defineTopic('counts', z.object({ count: z.number() }));
    const recorder = createRecorder();
    await events.subscribe({
      id: 's',
      topics: [counts],
      onEvent: recorder.onEvent,
    });
    await events.publish({ topic: 'counts', eventPayload: { count: 'one' } });
    await events.publish(counts.event({ eventPayload: { count: 1 } }));
    await recorder.waitFor(1);
    expect(
      await waitForRow(knex, 'callboard_deliveries', { state: 'dead' }),
    ).toMatchObject({
      last_error: expect.stringContaining("does not fit topic 'counts': count"),
    });
    await stop();
    expect(payloadsOf(recorder.received)).toEqual([{ count: 1 }]);
  });
});

describe.each(stores.ids)('an ephemeral topic on %s', storeId => {
  it('is tried once, owes nothing, and its subscription goes soon', async () => {
    const knex = await open(storeId);
    const { events, stop } = await start(knex);
    const recorder = createRecorder(() => {
      throw new Error('never');
    });
    await events.subscribe({
      id: 's',
      topics: ['signals'],
      onEvent: recorder.onEvent,
    });
    await events.publish(
      createEventParams({ topic: 'signals', eventPayload: 1, key: 'k' }),
    );
    await recorder.waitFor(1);
    const row = await waitForRow(knex, 'callboard_subscriptions', {
      last_error: 'Error: never',
    });
    expect(Number(row.expires_after)).toBe(600_000);
    await stop();
    expect(recorder.received).toHaveLength(1);
    expect(await knex('callboard_deliveries')).toEqual([]);
    expect(await knex('callboard_events').pluck('key')).toEqual([null]);
  });
});
