import { setTimeout as delay } from 'node:timers/promises';
import createKnex from 'knex';
import { ReplicaGroup } from './ReplicaGroup';
import { readMachineMs } from './replicaProtocol';
import { isFullSize } from './testSize';
import {
  describeWithPostgresTools,
  ThrowawayPostgres,
} from './ThrowawayPostgres';

const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

describeWithPostgresTools(
  'two replicas whose PostgreSQL server is restarted',
  tools => {
    it.each(['immediate', 'fast'] as const)(
      'lose nothing that was acknowledged, and go on by themselves (%s)',
      async mode => {
        const restarts = isFullSize ? 20 : 3;
        const events = 1_000 * restarts;
        const postgres = await ThrowawayPostgres.create(tools);
        disposables.unshift(postgres);
        await postgres.start();
        const group = new ReplicaGroup();
        disposables.unshift(group);
        const replicas = await group.start(
          ['a', 'b'].map(name => ({
            name,
            connection: postgres.connection,
            subscriptions: [{ id: 'shared', topic: 'load' }],
          })),
        );
        for (const replica of replicas) {
          replica.publish({
            topic: 'load',
            events: events / replicas.length,
            publishers: 8,
            keysPerPublisher: 16,
            payloadBytes: 1_000,
            pauseMs: 20,
          });
        }
        const awayMs: number[] = [];
        for (let restart = 0; restart < restarts; restart++) {
          await group.waitForHandled(
            'shared',
            group.countHandled('shared') + 200,
          );
          await delay(Math.random() * 200);
          const stopping = readMachineMs();
          await postgres.stop(mode);
          await delay(restart * 1_000);
          await postgres.start();
          awayMs.push(readMachineMs() - stopping);
        }
        await group.waitForAcknowledged(events);
        await group.waitForHandled('shared', events);
        const { repeated, lost, disordered } = group.judge('shared');
        expect({ lost, disordered }).toEqual({ lost: [], disordered: [] });
        const knex = createKnex({
          client: 'pg',
          connection: postgres.connection,
        });
        const stored: string[] = await knex('events.callboard_events')
          .pluck('id')
          .finally(() => knex.destroy());
        // Nothing was stored twice, however often it was published again.
        expect(stored.length).toBe(events);
        process.stdout.write(
          `PostgreSQL restarted ${restarts} times (${mode}), away for up to ${Math.max(
            ...awayMs,
          ).toFixed(0)} ms: ${events} events acknowledged, none lost, ${
            repeated.length
          } handled twice\n`,
        );
      },
      600_000,
    );
  },
);
