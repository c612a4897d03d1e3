import type { Handling } from './judge';
import { ReplicaGroup, waitUntil } from './ReplicaGroup';
import { readMachineMs } from './replicaProtocol';
import { describeOnPostgres } from './sharedPostgres';
import { isFullSize } from './testSize';

const sharedEvents = isFullSize ? 30_000 : 6_000;
const shared = { id: 'shared', topic: 'load' };
const load = {
  topic: 'load',
  publishers: 16,
  keysPerPublisher: 64,
  payloadBytes: 1_000,
};
const kept = { lost: [], repeated: [], disordered: [], overlapping: [] };

const groups: ReplicaGroup[] = [];

afterEach(async () => {
  for (const group of groups.splice(0)) {
    await group.dispose();
  }
});

function createGroup(): ReplicaGroup {
  const group = new ReplicaGroup();
  groups.push(group);
  return group;
}

/** There are too many for the arguments of one call. */
function lastBegin(handlings: readonly Handling[]): number {
  return handlings.reduce((last, { beginMs }) => Math.max(last, beginMs), 0);
}

describeOnPostgres('several replicas on PostgreSQL', openDatabase => {
  it('lose no event, handle none twice, and keep the order of each key, with 16 concurrent publishers', async () => {
    const runs = isFullSize ? 10 : 1;
    const events = isFullSize ? 20_000 : 5_000;
    const { connection } = await openDatabase();
    const group = createGroup();
    const replicas = await group.start(
      ['a', 'b'].map(name => ({
        name,
        connection,
        subscriptions: [shared, { id: `of-${name}`, topic: 'load' }],
      })),
    );
    for (let run = 1; run <= runs; run++) {
      const begin = readMachineMs();
      for (const replica of replicas) {
        replica.publish({
          topic: 'load',
          events: events / replicas.length,
          publishers: 8,
          keysPerPublisher: 4,
          payloadBytes: 1_000,
        });
      }
      await group.waitForAcknowledged(run * events);
      const published = readMachineMs();
      for (const subscription of ['shared', 'of-a', 'of-b']) {
        await group.waitForHandled(subscription, run * events);
        expect({ run, ...group.judge(subscription) }).toEqual({ run, ...kept });
      }
      process.stdout.write(
        `Run ${run} of ${runs}: ${events} events of 1 kB from 16 publishers in 2 processes, published in ${seconds(
          begin,
          published,
        )} s, handled by 3 subscriptions within ${seconds(
          begin,
          lastBegin(
            ['shared', 'of-a', 'of-b'].flatMap(subscription =>
              group.readHandlings(subscription),
            ),
          ),
        )} s; none lost, none twice, in order\n`,
      );
    }
  }, 600_000);

  it('share the events of a subscription', async () => {
    const { connection } = await openDatabase();
    const group = createGroup();
    const names = ['first', 'second', 'third'];
    const [publisher] = await group.start([
      { name: 'publisher', connection },
      ...names.map(name => ({ name, connection, subscriptions: [shared] })),
    ]);
    publisher.publish({ ...load, events: sharedEvents, pauseMs: 5 });
    await group.waitForHandled('shared', sharedEvents);
    expect(group.judge('shared')).toEqual(kept);
    const handlings = group.readHandlings('shared');
    const shares = countByReplica(handlings);
    process.stdout.write(
      `${sharedEvents} events of 1 kB, shared by three replicas: ${JSON.stringify(
        shares,
      )}\n`,
    );
    // How long each slept before its first event weighs only where there are few.
    const awakeMs = Math.max(
      ...names.map(
        name =>
          handlings.find(({ replica }) => replica === name)?.beginMs ??
          Infinity,
      ),
    );
    const counted = handlings.filter(
      ({ beginMs }) => isFullSize || beginMs >= awakeMs,
    );
    expect(counted.length).toBeGreaterThan(sharedEvents / 3);
    for (const name of names) {
      expect(countByReplica(counted)[name]).toBeGreaterThan(counted.length / 5);
    }
  }, 600_000);

  it('take over what a killed replica held within its lease', async () => {
    const leaseMs = 2_000;
    const { connection, knex } = await openDatabase();
    const group = createGroup();
    // Slower than what is published, so that each replica has something in hand whenever it is killed.
    const subscription = { ...shared, mode: 'slow', slowMs: 20 } as const;
    const [publisher, victim] = await group.start([
      { name: 'publisher', connection },
      ...['killed', 'second', 'third'].map(name => ({
        name,
        connection,
        subscriptions: [subscription],
        events: { subscriptions: { lease: { milliseconds: leaseMs } } },
      })),
    ]);
    publisher.publish({ ...load, events: sharedEvents, pauseMs: 5 });
    // Connected already, so that the look into the table right after the kill comes before any rescue.
    await knex('events.callboard_batches');
    await waitUntil(
      () => {
        const isHolding = () => {
          const handlings = group
            .readHandlings('shared')
            .filter(({ replica }) => replica === 'killed');
          return (
            handlings.length > sharedEvents / 10 &&
            handlings.some(({ endMs }) => endMs === undefined)
          );
        };
        if (!isHolding()) {
          // The others may have left it nothing.
          return false;
        }
        // It may have handled the last of them since it wrote what was read.
        victim.freeze();
        const isHeld = isHolding();
        if (!isHeld) {
          victim.resume();
        }
        return isHeld;
      },
      () => `${group.countHandled('shared')} events are handled`,
    );
    await victim.kill();
    const killedMs = readMachineMs();
    const open: { positions: string }[] = await knex(
      'events.callboard_batches',
    );
    await group.waitForHandled('shared', sharedEvents);
    const { repeated, ...verdict } = group.judge('shared');
    expect(verdict).toEqual({ lost: [], disordered: [], overlapping: [] });

    // Of all that was claimed at the kill, what the killed one held is handled last.
    const claimed: string[] = await knex('events.callboard_events')
      .whereIn(
        'position',
        open.flatMap(({ positions }): number[] => JSON.parse(positions)),
      )
      .pluck('id');
    const isClaimed = new Set(claimed);
    const handlings = group.readHandlings('shared');
    const tookOverMs = handlings
      .filter(({ id, beginMs }) => isClaimed.has(id) && beginMs > killedMs)
      .map(({ beginMs }) => beginMs - killedMs);
    process.stdout.write(
      `One of three replicas killed: ${JSON.stringify(
        countByReplica(handlings),
      )}; ${
        repeated.length
      } events twice; the last of those it held was begun again ${Math.max(
        ...tookOverMs,
      ).toFixed(0)} ms after the kill, with a lease of ${leaseMs} ms\n`,
    );
    // The lease lapses, and a chore that runs three times per lease finds that. The rest is for a reader that sleeps, and a busy machine.
    // It held something: what only its lease gave back.
    expect(Math.max(...tookOverMs)).toBeGreaterThan(leaseMs / 2);
    expect(Math.max(...tookOverMs)).toBeLessThan(
      leaseMs + leaseMs / 3 + 10_000,
    );
    expect(
      handlings.filter(
        ({ replica, id }) =>
          replica === 'killed' && !isClaimed.has(id) && repeated.includes(id),
      ),
    ).toEqual([]);
  }, 600_000);

  it('let a slow and a failing handler keep no other from its events', async () => {
    const events = isFullSize ? 20_000 : 2_000;
    const { connection } = await openDatabase();
    const group = createGroup();
    const [publisher] = await group.start([
      { name: 'publisher', connection },
      {
        name: 'handlers',
        connection,
        subscriptions: [
          { id: 'slow', topic: 'load', mode: 'slow', slowMs: 10_000 },
          { id: 'failing', topic: 'load', mode: 'throwing' },
          { id: 'fast', topic: 'load' },
        ],
      },
    ]);
    const begin = readMachineMs();
    publisher.publish({
      topic: 'load',
      events,
      publishers: 16,
      keysPerPublisher: 4,
      payloadBytes: 1_000,
    });
    await group.waitForHandled('fast', events);
    expect(group.judge('fast')).toEqual(kept);
    const slow = group.readHandlings('slow');
    const failing = group.readHandlings('failing');
    process.stdout.write(
      `${events} events handled by the fast one in ${seconds(
        begin,
        readMachineMs(),
      )} s, beside ${slow.length} begun by the slow one and ${
        failing.length
      } failures of the failing one\n`,
    );
    expect(failing.length).toBeGreaterThan(0);
  }, 600_000);

  it('handle nothing twice, and wait for no lease, when a replica is asked to stop', async () => {
    const events = 4_000;
    const { connection } = await openDatabase();
    const group = createGroup();
    const subscriptions = [{ id: 'shared', topic: 'load' }];
    const slow = {
      id: 'slow',
      topic: 'load',
      mode: 'slow',
      slowMs: 20,
    } as const;
    // Longer than the test waits for anything.
    const settings = { subscriptions: { lease: { minutes: 5 } } };
    const replicas = await group.start(
      ['first', 'second', 'third'].map(name => ({
        name,
        connection,
        subscriptions: [...subscriptions, slow],
        events: settings,
      })),
    );
    for (const replica of replicas) {
      replica.publish({
        topic: 'load',
        events,
        publishers: 8,
        keysPerPublisher: 4,
        payloadBytes: 1_000,
        pauseMs: 5,
      });
    }
    const stopMs: number[] = [];
    for (const replica of replicas.slice(0, 2)) {
      const before = group.countHandled('slow');
      await waitUntil(
        () => group.countHandled('slow') > before + 200,
        () => `${group.countHandled('slow')} events are handled slowly`,
      );
      const begin = readMachineMs();
      await replica.terminate();
      stopMs.push(readMachineMs() - begin);
    }
    // What the stopped ones had not published they did not publish; the third goes on.
    const published = () => group.readAcknowledged().length;
    await waitUntil(
      () =>
        replicas[2].read().filter(({ kind }) => kind === 'acknowledged')
          .length === events,
      () => `${published()} events are published`,
    );
    for (const subscription of ['shared', 'slow']) {
      await group.waitForHandled(subscription, published());
      expect({ subscription, ...group.judge(subscription) }).toEqual({
        subscription,
        ...kept,
      });
    }
    process.stdout.write(
      `Two replicas stopped under load within ${stopMs
        .map(ms => ms.toFixed(0))
        .join(' and ')} ms; ${published()} events, none lost, none twice\n`,
    );
  }, 600_000);
});

function seconds(beginMs: number, endMs: number): string {
  return ((endMs - beginMs) / 1_000).toFixed(1);
}

function countByReplica(
  handlings: readonly Handling[],
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { replica } of handlings) {
    counts[replica] = (counts[replica] ?? 0) + 1;
  }
  return counts;
}
