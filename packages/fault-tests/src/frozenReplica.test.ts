import { setTimeout as delay } from 'node:timers/promises';
import type { DeliveryState } from '@callboard/backstage-plugin-events-common';
import { judge, type Handling } from './judge';
import { ReplicaGroup, waitUntil } from './ReplicaGroup';
import { readMachineMs } from './replicaProtocol';
import { describeOnPostgres } from './sharedPostgres';
import { TcpProxy } from './TcpProxy';
import { isFullSize } from './testSize';

const shared = { id: 'shared', topic: 'load' };
const load = {
  topic: 'load',
  publishers: 4,
  keysPerPublisher: 16,
  payloadBytes: 1_000,
};
const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

function createGroup(): ReplicaGroup {
  const group = new ReplicaGroup();
  disposables.unshift(group);
  return group;
}

/** Whether it goes on for a while yet, where handling takes a second: what is stopped now has it in hand. */
function hasJustBegun({ beginMs, endMs }: Handling): boolean {
  return endMs === undefined && readMachineMs() - beginMs < 500;
}

/** What was begun when a later attempt of the same event had begun already: its reader had lost it. */
function listLate(handlings: readonly Handling[]): Handling[] {
  return handlings.filter(({ id, attempt, beginMs }) =>
    handlings.some(
      later =>
        later.id === id && later.attempt > attempt && later.beginMs < beginMs,
    ),
  );
}

describeOnPostgres('a replica that is stopped and continued', openDatabase => {
  it('settles nothing of what was taken from it meanwhile', async () => {
    const { connection, knex } = await openDatabase();
    const group = createGroup();
    const [publisher, frozen] = await group.start([
      { name: 'publisher', connection },
      {
        name: 'frozen',
        connection,
        subscriptions: [{ ...shared, mode: 'held' }],
      },
    ]);
    publisher.publish({ ...load, events: 10 });
    await waitUntil(
      () => group.readHandlings('shared').length === 10,
      () => `${group.readHandlings('shared').length} events are begun`,
    );
    frozen.freeze();
    await group.start([{ name: 'other', connection, subscriptions: [shared] }]);
    await group.waitForHandled('shared', 10);

    frozen.resume();
    frozen.release();
    await waitUntil(
      () => frozen.readLog().includes('was not settled within its lease'),
      () => `the replica says: ${frozen.readLog()}`,
    );
    const deliveries: { state: DeliveryState }[] = await knex(
      'events.callboard_deliveries',
    );
    expect(deliveries.map(({ state }) => state)).toEqual(
      Array(10).fill('delivered'),
    );
    const attempts: { outcome: string }[] = await knex(
      'events.callboard_attempts',
    ).orderBy(['number', 'position']);
    expect(attempts.map(({ outcome }) => outcome)).toEqual([
      ...Array(10).fill('lapsed'),
      ...Array(10).fill('delivered'),
    ]);
  }, 300_000);

  it('begins with nothing more of what was taken from it meanwhile', async () => {
    const { connection } = await openDatabase();
    const group = createGroup();
    const [publisher, frozen] = await group.start([
      { name: 'publisher', connection },
      {
        name: 'frozen',
        connection,
        subscriptions: [{ ...shared, mode: 'slow', slowMs: 1_000 }],
      },
    ]);
    // Two lanes, so that most of what it has in hand has not begun.
    const events = 40;
    publisher.publish({
      ...load,
      events,
      publishers: 2,
      keysPerPublisher: 1,
    });
    await group.waitForAcknowledged(events);
    await group.waitForHandled('shared', 4);
    await waitUntil(
      () => group.readHandlings('shared').some(hasJustBegun),
      () => 'nothing is being handled',
    );
    frozen.freeze();
    const frozenAtMs = readMachineMs();
    await group.start([{ name: 'other', connection, subscriptions: [shared] }]);
    const byOther = () =>
      group.readHandlings('shared').filter(({ replica }) => replica === 'other')
        .length;
    await group.waitForHandled('shared', events);
    expect(byOther()).toBeGreaterThan(events / 2);

    frozen.resume();
    await waitUntil(
      () => frozen.readLog().includes('was not settled within its lease'),
      () => `the replica says: ${frozen.readLog()}`,
    );
    const handlings = group.readHandlings('shared');
    expect(
      handlings.filter(
        ({ replica, beginMs }) => replica === 'frozen' && beginMs > frozenAtMs,
      ),
    ).toEqual([]);
    // What had begun when it was stopped ended in the other one's time.
    const { overlapping } = judge(
      group.readAcknowledged(),
      handlings.filter(
        ({ endMs = Infinity, replica }) =>
          replica !== 'frozen' || endMs < frozenAtMs,
      ),
    );
    const { lost, disordered } = group.judge('shared');
    expect({ lost, disordered, overlapping }).toEqual({
      lost: [],
      disordered: [],
      overlapping: [],
    });
  }, 300_000);

  it('loses nothing and keeps the order, stopped at random moments; only what it had in hand is handled twice', async () => {
    const freezes = isFullSize ? 50 : 4;
    const { connection } = await openDatabase();
    const group = createGroup();
    const [frozen, other] = await group.start(
      ['frozen', 'other'].map(name => ({
        name,
        connection,
        subscriptions: [shared],
      })),
    );
    const events = 400 * freezes;
    for (const replica of [frozen, other]) {
      replica.publish({ ...load, events: events / 2, pauseMs: 20 });
    }
    const stops: { fromMs: number; toMs: number }[] = [];
    let handled = 0;
    for (let freeze = 0; freeze < freezes; freeze++) {
      // It has come back from the last one.
      await group.waitForHandled('shared', handled + 50);
      await delay(Math.random() * 300);
      const fromMs = readMachineMs();
      frozen.freeze();
      // Shorter and longer than the lease.
      await delay(200 + (freeze % 4) * 1_000);
      frozen.resume();
      stops.push({ fromMs, toMs: readMachineMs() });
      handled = group.countHandled('shared');
    }
    await group.waitForAcknowledged(events);
    await group.waitForHandled('shared', events);
    const { repeated, lost, disordered } = group.judge('shared');
    expect({ lost, disordered }).toEqual({ lost: [], disordered: [] });
    const handlings = group.readHandlings('shared');
    const late = listLate(handlings);
    // It may be stopped when it has looked at its lease and not begun yet, in each of its ten slots.
    expect(late.length).toBeLessThanOrEqual(10 * freezes);
    const interrupted = handlings.filter(
      ({ replica, beginMs, endMs = Infinity }) =>
        replica === 'frozen' &&
        stops.some(({ fromMs, toMs }) => beginMs <= toMs && endMs >= fromMs),
    );
    const excused = new Set([...late, ...interrupted]);
    const { overlapping } = judge(
      group.readAcknowledged(),
      handlings.filter(handling => !excused.has(handling)),
    );
    expect(overlapping).toEqual([]);
    const ofFrozen = new Set(
      handlings
        .filter(({ replica }) => replica === 'frozen')
        .map(({ id }) => id),
    );
    expect(repeated.filter(id => !ofFrozen.has(id))).toEqual([]);
    process.stdout.write(
      `Stopped and continued ${freezes} times: ${events} events, none lost, ${repeated.length} handled twice, ${late.length} begun late\n`,
    );
  }, 600_000);

  // Slow handlers let keys be set aside, so that a claim and a settlement have something to decide, in a transaction.
  it.each([
    { doing: 'claims', statement: 'callboard_claim' },
    { doing: 'settles', statement: 'callboard_settle' },
    {
      doing: 'decides what to claim',
      statement: 'insert into "callboard_batches"',
      slowMs: 300,
    },
    {
      doing: 'decides how to settle',
      statement: 'delete from "callboard_batches"',
      slowMs: 300,
    },
    {
      doing: 'subscribes',
      statement: 'insert into "callboard_subscriptions"',
    },
  ])(
    'keeps others from its events for some seconds only, stopped while it $doing',
    async ({ doing, statement, slowMs }) => {
      const subscription =
        slowMs === undefined
          ? shared
          : ({ ...shared, mode: 'slow', slowMs } as const);
      const events = slowMs === undefined ? 1_000 : 400;
      const { connection } = await openDatabase();
      const proxy = await TcpProxy.create(connection);
      disposables.unshift(proxy);
      const group = createGroup();
      const [other] = await group.start([
        { name: 'other', connection, subscriptions: [subscription] },
      ]);
      other.publish({ ...load, events: 100 });
      await group.waitForHandled('shared', 100);

      const frozenAtMs = new Promise<number>(resolve =>
        proxy.watchFor(statement, () => {
          frozen.freeze();
          resolve(readMachineMs());
        }),
      );
      const { replica: frozen, started } = group.startOne({
        name: 'frozen',
        connection: { ...connection, port: proxy.port },
        subscriptions: [subscription],
      });
      const publish = () => other.publish({ ...load, events, pauseMs: 50 });
      // There must be something left to handle when it is stopped, however long its start takes.
      if (doing === 'subscribes') {
        await frozenAtMs;
        publish();
      } else {
        await started;
        publish();
      }
      const fromMs = await frozenAtMs;
      await waitUntil(
        () =>
          group
            .readHandlings('shared')
            .some(({ beginMs }) => beginMs > fromMs + 500),
        () => 'the other replica handles nothing any more',
        60_000,
      );
      const times = group
        .readHandlings('shared')
        .map(({ beginMs }) => beginMs)
        .filter(beginMs => beginMs > fromMs)
        .sort((a, b) => a - b);
      const gapMs = Math.max(
        ...times.map((time, index) => time - (times[index - 1] ?? fromMs)),
      );
      process.stdout.write(
        `Stopped at ${statement}: the other one went on after ${gapMs.toFixed(
          0,
        )} ms\n`,
      );
      frozen.resume();
      // One that was stopped while it subscribed finds its transaction ended, and may fail to start.
      await started.catch(() => {});
      await group.waitForAcknowledged(events + 100);
      await group.waitForHandled('shared', events + 100);
      const { lost, disordered } = group.judge('shared');
      expect({ lost, disordered }).toEqual({ lost: [], disordered: [] });
    },
    300_000,
  );
});
