import { setTimeout as delay } from 'node:timers/promises';
import { ReplicaGroup } from './ReplicaGroup';
import { readMachineMs } from './replicaProtocol';
import { describeOnPostgres } from './sharedPostgres';
import { TcpProxy } from './TcpProxy';
import { isFullSize } from './testSize';

const timeLimitMs = 3_000;
const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

describeOnPostgres(
  'a replica whose connections to PostgreSQL break',
  openDatabase => {
    async function startLoad(events: number) {
      const { connection } = await openDatabase();
      const proxy = await TcpProxy.create(connection);
      disposables.unshift(proxy);
      const group = new ReplicaGroup();
      disposables.unshift(group);
      const subscriptions = [{ id: 'shared', topic: 'load' }];
      const [behindProxy, direct] = await group.start([
        {
          name: 'behind-proxy',
          connection: {
            ...connection,
            port: proxy.port,
            connectionTimeoutMillis: timeLimitMs,
          },
          subscriptions: [...subscriptions, { id: 'own', topic: 'load' }],
          events: {
            subscriptions: { lease: { seconds: 2 } },
            store: { timeLimit: { milliseconds: timeLimitMs } },
            publish: { timeLimit: { seconds: 5 } },
          },
        },
        { name: 'direct', connection, subscriptions },
      ]);
      for (const replica of [behindProxy, direct]) {
        replica.publish({
          topic: 'load',
          events: events / 2,
          publishers: 8,
          keysPerPublisher: 16,
          payloadBytes: 1_000,
          pauseMs: 20,
        });
      }
      return { proxy, group };
    }

    async function expectKept(group: ReplicaGroup, events: number) {
      await group.waitForAcknowledged(events);
      const repeated: number[] = [];
      for (const subscription of ['shared', 'own']) {
        await group.waitForHandled(subscription, events);
        const { lost, disordered, ...rest } = group.judge(subscription);
        expect({ subscription, lost, disordered }).toEqual({
          subscription,
          lost: [],
          disordered: [],
        });
        repeated.push(rest.repeated.length);
      }
      return `${events} events acknowledged, none lost, ${repeated.join(
        ' and ',
      )} handled twice, publishing refused ${group.countRefused()} times`;
    }

    it('loses nothing and goes on by itself, when they are cut again and again', async () => {
      const cuts = isFullSize ? 200 : 10;
      const events = 200 * cuts;
      const { proxy, group } = await startLoad(events);
      for (let cut = 0; cut < cuts; cut++) {
        await delay(50 + Math.random() * 500);
        proxy.cut();
      }
      const kept = await expectKept(group, events);
      process.stdout.write(`All connections cut ${cuts} times: ${kept}\n`);
    }, 600_000);

    it('loses nothing and goes on by itself, when they fall silent for ever and new ones can be made again', async () => {
      const events = 2_000;
      const { proxy, group } = await startLoad(events);
      await group.waitForHandled('own', 500);
      proxy.swallow();
      await delay(5_000);
      proxy.heal();
      const healedMs = readMachineMs();
      const kept = await expectKept(group, events);
      const againMs = Math.min(
        ...group
          .readHandlings('own')
          .map(({ beginMs }) => beginMs - healedMs)
          .filter(ms => ms > 0),
      );
      process.stdout.write(
        `Connections silent for ever, new ones taken again after 5 s: handlers went on ${againMs.toFixed(
          0,
        )} ms later; ${kept}\n`,
      );
      // What was asked right before is given up, and asked again after a second.
      expect(againMs).toBeLessThan(timeLimitMs + 15_000);
    }, 600_000);
  },
);
