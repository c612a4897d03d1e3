import type { Knex } from 'knex';
import { ReplicaGroup, waitUntil } from './ReplicaGroup';
import { describeOnPostgres } from './sharedPostgres';

const hourMs = 60 * 60_000;
const clocks = { ahead: 6 * hourMs, right: 0, behind: -6 * hourMs };
const kept = { lost: [], repeated: [], disordered: [], overlapping: [] };

let group = new ReplicaGroup();

beforeEach(() => {
  group = new ReplicaGroup();
});
afterEach(() => group.dispose());

/** Makes the oldest events three hours older than they are. */
async function age(knex: Knex, events: number): Promise<number[]> {
  const oldest: string[] = await knex('events.callboard_events')
    .orderBy('position')
    .limit(events)
    .pluck('position');
  await knex('events.callboard_events')
    .whereIn('position', oldest)
    .decrement('time', 3 * hourMs);
  return oldest.map(Number);
}

async function readPositions(knex: Knex): Promise<number[]> {
  const positions: string[] = await knex('events.callboard_events')
    .orderBy('position')
    .pluck('position');
  return positions.map(Number);
}

describeOnPostgres('replicas whose clocks are hours apart', openDatabase => {
  it('go by the clock of the database: no lease lapses and nothing is trimmed early, or late', async () => {
    const events = 600;
    const { connection, knex } = await openDatabase();
    const replicas = await group.start(
      Object.entries(clocks).map(([name, clockOffsetMs]) => ({
        name,
        clockOffsetMs,
        connection,
        subscriptions: [
          { id: 'shared', topic: 'load' },
          // Longer than the lease.
          { id: 'slow', topic: 'few', mode: 'slow', slowMs: 3_000 },
          { id: 'held', topic: 'few', mode: 'held' },
        ],
        events: {
          subscriptions: { lease: { seconds: 2 }, expireAfter: { hours: 1 } },
          log: { retention: { hours: 1 }, maxAge: { hours: 2 } },
        },
      })),
    );
    const load = { publishers: 4, keysPerPublisher: 8, payloadBytes: 1_000 };
    for (const replica of replicas) {
      replica.release();
      replica.publish({ ...load, topic: 'load', events: events / 3 });
      replica.publish({ ...load, topic: 'few', events: 4 });
      replica.runChore('callboard-expire-silent-subscriptions');
      replica.runChore('callboard-trim-log');
    }
    const all = events + 12;
    await group.waitForAcknowledged(all);
    await group.waitForHandled('shared', events);
    await group.waitForHandled('slow', 12);
    await group.waitForHandled('held', 12);
    for (const [subscription, topic] of [
      ['shared', 'load'],
      ['slow', 'few'],
    ]) {
      expect({ subscription, ...group.judge(subscription, topic) }).toEqual({
        subscription,
        ...kept,
      });
    }

    // What failed is due after a second, whoever wrote that down and whoever reads it.
    const pausesMs = group
      .readHandlings('held')
      .filter(({ attempt }) => attempt === 2)
      .map(({ id, beginMs }) => {
        const first = group
          .readHandlings('held')
          .find(each => each.id === id && each.attempt === 1);
        return beginMs - Number(first?.endMs);
      });
    expect(pausesMs).toHaveLength(12);
    expect(Math.min(...pausesMs)).toBeGreaterThan(700);
    expect(Math.max(...pausesMs)).toBeLessThan(60_000);

    const stored = await readPositions(knex);
    expect(stored).toHaveLength(all);
    let trimmed = 0;
    for (const replica of replicas) {
      const old = await age(knex, 100);
      trimmed += old.length;
      replica.runChore('callboard-trim-log');
      await waitUntil(
        async () => (await readPositions(knex))[0] > old[old.length - 1],
        () => `the replica '${replica.name}' has not trimmed`,
      );
      await expect(readPositions(knex)).resolves.toEqual(stored.slice(trimmed));
    }
    process.stdout.write(
      `Clocks 6 h ahead and 6 h behind: ${all} events handled once each, retried after ${Math.min(
        ...pausesMs,
      ).toFixed(0)} to ${Math.max(...pausesMs).toFixed(
        0,
      )} ms, trimmed when they were old\n`,
    );
  }, 300_000);
});
