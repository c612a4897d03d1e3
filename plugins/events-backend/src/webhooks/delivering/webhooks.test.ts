import { EventEmitter, once } from 'node:events';
import { endpointSettingsSchema } from '@callboard/backstage-plugin-events-common';
import { WebhookReceiver } from '@callboard/backstage-plugin-events-backend-test-utils';
import { Webhook } from 'standardwebhooks';
import { makeEvent } from '../../__testUtils__/makeEvent';
import { toSubscriptionId } from '../../endpoints';
import { ReplayRunner } from './ReplayRunner';
import { createWorlds, untilTried } from './__testUtils__/createWorlds';

const worlds = createWorlds();
const { startReceiver, startWorld } = worlds;

const answer = (status: number, headers: Record<string, string> = {}) =>
  ({ kind: 'answer', status, headers } as const);

/** What a receiver was told of, by the ids of events. */
const idsOf = (receiver: WebhookReceiver) =>
  receiver.requests.map(({ headers }) => headers['webhook-id']);

describe.each(worlds.ids)('sending to endpoints, on %s', storeId => {
  it('sends each event of its topics, signed, and keeps what was sent', async () => {
    const { receiver, url } = await startReceiver();
    const world = await startWorld(storeId);
    const { signing } = await world.create('orders', `${url}/hooks?a=1`);
    const [event] = await world.publish('k');
    await world.pools.log.append([makeEvent('other')]);
    const [request] = await receiver.waitFor(1);
    expect(request).toMatchObject({ method: 'POST', path: '/hooks?a=1' });
    expect(
      new Webhook(signing[0]).verify(request.body.toString(), {
        'webhook-id': String(request.headers['webhook-id']),
        'webhook-timestamp': String(request.headers['webhook-timestamp']),
        'webhook-signature': String(request.headers['webhook-signature']),
      }),
    ).toMatchObject({ topic: 't', metadata: { eventId: event.id } });
    await world.untilSettled('orders');
    expect(idsOf(receiver)).toEqual([event.id]);
    const [attempt] = await world.untilAttempts('orders', 1);
    expect(attempt).toMatchObject({
      eventId: event.id,
      number: 1,
      outcome: 'delivered',
      status: 200,
      request: {
        url: `${url}/hooks?a=1`,
        headers: { 'webhook-signature': 'v1,***' },
      },
    });
  });

  it('sends to several, each by its own topics and filter', async () => {
    const first = await startReceiver();
    const second = await startReceiver();
    const world = await startWorld(storeId);
    await world.create('all', first.url, { topics: ['**'] });
    await world.create('some', second.url, {
      topics: ['t'],
      filter: "key == 'b'",
    });
    const events = await world.publish('a', 'b', 'c');
    await first.receiver.waitFor(3);
    await second.receiver.waitFor(1);
    await world.untilSettled('all');
    await world.untilSettled('some');
    expect(idsOf(first.receiver).sort()).toEqual(
      events.map(({ id }) => id).sort(),
    );
    expect(idsOf(second.receiver)).toEqual([events[1].id]);
  });

  it('keeps events with one key in order, over failures, and lets others pass', async () => {
    const { receiver, url } = await startReceiver();
    let failures = 2;
    receiver.answerWith(({ body }) => {
      const { metadata } = JSON.parse(body.toString());
      const isHeld = metadata['callboard-event-key'] === 'held';
      if (isHeld && failures > 0) {
        failures -= 1;
        return answer(500);
      }
      return answer(200);
    });
    const world = await startWorld(storeId);
    await world.create('e', url, { retryScheduleMs: [0, 10, 10, 10] });
    const [a, b, free] = await world.publish('held', 'held', 'free');
    await receiver.waitFor(5);
    await world.untilSettled('e');
    expect(idsOf(receiver).filter(id => id !== free.id)).toEqual([
      a.id,
      a.id,
      a.id,
      b.id,
    ]);
    expect(idsOf(receiver)).toContain(free.id);
  });

  it('gives an event up when its schedule is used up, and goes on with the next of its key', async () => {
    const { receiver, url } = await startReceiver({ answer: answer(400) });
    const world = await startWorld(storeId);
    await world.create('e', url, { retryScheduleMs: [0, 1] });
    await world.publish('k', 'k');
    await receiver.waitFor(4);
    await world.untilSettled('e');
    await expect(world.pools.readDeliveries()).resolves.toEqual([
      [1, 'dead', 2],
      [2, 'dead', 2],
    ]);
  });

  it('waits while it is paused, and goes on where it was', async () => {
    const { receiver, url } = await startReceiver();
    const world = await startWorld(storeId);
    await world.create('e', url);
    await world.publish('a');
    await receiver.waitFor(1);
    await world.endpoints.setState('e', {
      state: 'paused',
      reason: 'Holidays',
      by: 'user:default/tester',
    });
    await world.webhooks.refresh();
    const events = await world.publish('b', 'c');
    await world.endpoints.setState('e', {
      state: 'active',
      by: 'user:default/tester',
    });
    expect(receiver.requests).toHaveLength(1);
    await world.webhooks.refresh();
    await receiver.waitFor(3);
    await world.untilSettled('e');
    expect(idsOf(receiver).slice(1).sort()).toEqual(
      events.map(({ id }) => id).sort(),
    );
  });

  it('disables an endpoint that answers 410, and sends the same event when it is resumed', async () => {
    const { receiver, url } = await startReceiver({ answer: answer(410) });
    const world = await startWorld(storeId);
    await world.create('e', url);
    const [event] = await world.publish('a');
    const disabled = await world.untilState('e', 'disabled');
    expect(disabled.stateReason).toContain('410');
    await expect(world.endpoints.listAnnouncements()).resolves.toHaveLength(1);
    await world.publish('b');
    receiver.answerWith(answer(200));
    await world.endpoints.setState('e', { state: 'active', by: 'system' });
    await world.webhooks.refresh();
    await receiver.waitFor(3);
    await world.untilSettled('e');
    expect(idsOf(receiver).slice(0, 2)).toEqual([event.id, event.id]);
  });

  it('asks a receiver that fails at everything by single events, and the rest waits for its cursor', async () => {
    const { receiver, url } = await startReceiver({ answer: answer(500) });
    const world = await startWorld(storeId);
    await world.create('e', url, { concurrency: 1 });
    await world.publish(...Array.from({ length: 200 }, () => undefined));
    // Ten failures open the breaker.
    await receiver.waitFor(10);
    await world.untilAttempts('e', 10);
    const rows = await world.pools.readDeliveries();
    expect(rows.length).toBeLessThan(50);
    receiver.answerWith(answer(200));
    world.aheadMs = 6_000;
    await world.pools.passPauses();
    await receiver.waitFor(11);
    // Everything else comes, those that failed when they are due.
    await world.pools.passPauses();
    await world.untilSettled('e');
    expect(new Set(idsOf(receiver)).size).toBe(200);
    expect(receiver.requests).toHaveLength(210);
  });

  it('sends what failed at once when a receiver is back that was away for more than a minute', async () => {
    const { receiver, url } = await startReceiver({ answer: answer(500) });
    const world = await startWorld(storeId);
    const hour = 3_600_000;
    await world.create('e', url, { retryScheduleMs: [0, hour, hour] });
    const [first] = await world.publish('k');
    await untilTried(world, 'e', 1);
    receiver.answerWith(answer(200));
    world.aheadMs = 61_000;
    await world.publish('k', 'other');
    await receiver.waitFor(4);
    await world.untilSettled('e');
    expect(idsOf(receiver).filter(id => id === first.id)).toHaveLength(2);
  });

  it('tries a receiver with what is owed before it is due, where nothing else can be sent, and uses up no attempt', async () => {
    const { receiver, url } = await startReceiver({ answer: answer(503) });
    const world = await startWorld(storeId);
    const hour = 3_600_000;
    await world.create('e', url, { retryScheduleMs: [0, hour, hour] });
    const [first] = await world.publish('k');
    await untilTried(world, 'e', 1);
    // What is published wakes, and finds that the clock has gone on.
    world.aheadMs = 6_000;
    await world.publish('k', 'k');
    await receiver.waitFor(2);
    const owed = await untilTried(world, 'e', 1);
    expect(owed.pauseMs).toBeGreaterThan(hour / 2);
    receiver.answerWith(answer(200));
    world.aheadMs = 70_000;
    await world.publish('k');
    await receiver.waitFor(6);
    await world.untilSettled('e');
    expect(idsOf(receiver).slice(0, 3)).toEqual([first.id, first.id, first.id]);
    expect(receiver.requests).toHaveLength(6);
  });

  it('sends nothing to a receiver until the pause that it asked for is over', async () => {
    const { receiver, url } = await startReceiver({
      answer: answer(429, { 'retry-after': '60' }),
    });
    const world = await startWorld(storeId);
    await world.create('e', url, { concurrency: 1 });
    await world.publish('a', 'b', 'c');
    await world.untilAttempts('e', 1);
    receiver.answerWith(answer(200));
    await world.publish('d');
    await world.pools.passPauses();
    expect(receiver.requests).toHaveLength(1);
    world.aheadMs = 61_000;
    await receiver.waitFor(2);
    await world.pools.passPauses();
    await world.untilSettled('e');
    expect(receiver.requests).toHaveLength(5);
  });

  it('sends several events in one request where an endpoint takes batches', async () => {
    const { receiver, url } = await startReceiver();
    const world = await startWorld(storeId);
    await world.endpoints.list();
    const made = await world.create('e', url, { batch: { maxEvents: 10 } });
    await world.endpoints.setState('e', { state: 'paused', by: 'system' });
    await world.webhooks.refresh();
    const events = await world.publish(
      ...Array.from({ length: 25 }, (_, index) => `k${index % 3}`),
    );
    await world.endpoints.setState('e', { state: 'active', by: 'system' });
    await world.webhooks.refresh();
    await world.untilSettled('e');
    const bodies = receiver.requests.map(
      ({ body }): { metadata: { eventId: string } }[] =>
        JSON.parse(body.toString()),
    );
    expect(made.endpoint.settings.batch).toEqual({ maxEvents: 10 });
    expect(bodies.length).toBeLessThan(10);
    const received = bodies.flat().map(({ metadata }) => metadata.eventId);
    expect([...received].sort()).toEqual(events.map(({ id }) => id).sort());
    for (const key of ['k0', 'k1', 'k2']) {
      const ofKey = events.filter(event => event.key === key);
      expect(
        received.filter(id => ofKey.some(event => event.id === id)),
      ).toEqual(ofKey.map(({ id }) => id));
    }
  });

  it('begins no more requests than the rate limit lets', async () => {
    const { receiver, url } = await startReceiver();
    const world = await startWorld(storeId);
    await world.create('e', url, { rateLimit: { events: 3, per: 'hour' } });
    await world.publish('a', 'b', 'c', 'd', 'e');
    await receiver.waitFor(1);
    await world.untilAttempts('e', 1);
    await world.publish('f');
    expect(receiver.requests).toHaveLength(1);
  });

  it('moves the cursor of an endpoint over what it does not want', async () => {
    const { url } = await startReceiver();
    const world = await startWorld(storeId);
    await world.create('e', url, { filter: "key == 'never'" });
    await world.publish('a', 'b', 'c');
    let cursor: number | undefined;
    // Once the router has come so far, and the endpoint has seen that it was not behind.
    while (cursor !== 3) {
      await world.webhooks.moveCursors();
      const subscription = await world.pools.subscriptions.read(
        toSubscriptionId('e'),
      );
      cursor = subscription?.cursor;
    }
  });

  it('carries a replay on, of the events that the endpoint wants', async () => {
    const { receiver, url } = await startReceiver();
    const world = await startWorld(storeId);
    const events = await world.publish('a', 'b', 'a');
    await world.create('e', url, { filter: "key == 'a'" });
    const replay = await world.endpoints.createReplay({
      endpointId: 'e',
      query: JSON.stringify({ topic: 't' }),
      total: 3,
      place: 0,
      upTo: 3,
      createdBy: 'user:default/tester',
    });
    await expect(world.replays.runOnce()).resolves.toBe(true);
    await receiver.waitFor(2);
    await world.untilSettled('e');
    expect(idsOf(receiver)).toEqual([events[0].id, events[2].id]);
    await expect(world.endpoints.readReplay(replay.id)).resolves.toMatchObject({
      state: 'done',
      lookedAt: 3,
      owed: 2,
    });
  });

  it('owes each page of a replay once, though another process has read it as well', async () => {
    const { receiver, url } = await startReceiver();
    const world = await startWorld(storeId);
    await world.publish('a', 'b');
    await world.create('e', url);
    await world.endpoints.createReplay({
      endpointId: 'e',
      query: JSON.stringify({ topic: 't' }),
      total: 2,
      place: 0,
      upTo: 2,
      createdBy: 'user:default/tester',
    });
    const steps = new EventEmitter();
    const hasRead = once(steps, 'read');
    const late = new ReplayRunner({
      ...world.pools,
      endpoints: world.endpoints,
      async choose(_, events) {
        const mayGoOn = once(steps, 'go on');
        steps.emit('read');
        await mayGoOn;
        return events;
      },
      onOwed: () => {},
    }).runOnce();
    await hasRead;
    await world.replays.runOnce();
    await receiver.waitFor(2);
    await world.untilSettled('e');
    steps.emit('go on');
    await expect(late).resolves.toBe(false);
    await world.untilSettled('e');
    expect(receiver.requests).toHaveLength(2);
  });

  it('sends an event again that was given up at an endpoint without order', async () => {
    const { receiver, url } = await startReceiver({ answer: answer(400) });
    const world = await startWorld(storeId);
    await world.create('e', url, { ordered: false, retryScheduleMs: [0] });
    await world.publish('k');
    await receiver.waitFor(1);
    await world.untilSettled('e');
    receiver.answerWith(answer(200));
    const [dead] = await world.pools.deliveries.list({ limit: 10 });
    await world.pools.deliveries.replay(
      toSubscriptionId('e'),
      [
        {
          position: Number(dead.position),
          id: dead.event_id,
          topic: dead.topic,
          key: 'k',
          size: dead.size,
        },
      ],
      { dryRun: false },
    );
    await receiver.waitFor(2);
    await world.untilSettled('e');
    await expect(world.pools.readDeliveries()).resolves.toEqual([
      [1, 'delivered', 1],
    ]);
  });

  it('runs each endpoint once, though the store was away while they were opened', async () => {
    const { receiver, url } = await startReceiver();
    const world = await startWorld(storeId);
    const ids = ['e1', 'e2', 'e3', 'e4'];
    for (const id of ids) {
      await world.endpoints.create({
        id,
        managedBy: 'api',
        settings: endpointSettingsSchema.parse({
          url,
          topics: ['t'],
          owner: 'group:default/testers',
        }),
        secrets: {},
        createdBy: 'user:default/tester',
      });
    }
    const read = jest.spyOn(world.endpoints, 'readHealth');
    read.mockRejectedValueOnce(
      Object.assign(new Error('away'), {
        code: storeId === 'SQLITE_FILE' ? 'SQLITE_BUSY' : 'ECONNREFUSED',
      }),
    );
    await world.webhooks.refresh().catch(() => {});
    await world.webhooks.refresh();
    expect(read.mock.calls.length).toBeLessThanOrEqual(ids.length + 1);
    await world.publish('a', 'b', 'c');
    await receiver.waitFor(3 * ids.length);
    await Promise.all(ids.map(id => world.untilSettled(id)));
    expect(receiver.requests).toHaveLength(3 * ids.length);
  });

  it('is stopped by a removal, and what is left of one that was cut off is removed at the next start', async () => {
    const { receiver, url } = await startReceiver();
    const world = await startWorld(storeId);
    await world.create('e', url);
    await world.publish('a');
    await receiver.waitFor(1);
    await world.endpoints.remove('e');
    await world.webhooks.refresh();
    await world.publish('b');
    await world.standing.removeOrphans();
    await expect(world.pools.subscriptions.list()).resolves.toEqual([]);
    expect(receiver.requests).toHaveLength(1);
  });
});
