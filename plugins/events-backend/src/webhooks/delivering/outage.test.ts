import { createConnection, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebhookReceiver } from '@callboard/backstage-plugin-events-backend-test-utils';
import { createTestStores } from '../../__testUtils__/stores';
import { toSubscriptionId } from '../../endpoints';
import { InProcessNotifier } from '../../notifiers';
import { createGuard, type Guard } from '../guard';
import { WebhookWorld } from './__testUtils__/openWebhooks';
import { readHealthState } from './endpointHealth';

const minute = 60_000;
const hour = 60 * minute;
const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
/** Ten failures open the breaker, and nine more requests may be under way. */
const mostUntilOpen = 19;
/** After 5, 10, 20, 40, 80 and 160 s, and every five minutes then. */
const mostProbesAnHour = 17;

const stores = createTestStores();
const ended: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ended.splice(0).reverse()) {
    await end();
  }
  await stores.close();
});

/** A port that leads to a receiver while it is open, and refuses connections while it is shut. */
class Door {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer(client => {
    const receiver = createConnection(this.#receiverPort, '127.0.0.1');
    client.pipe(receiver).pipe(client);
    for (const socket of [client, receiver]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        receiver.destroy();
      });
    }
  });
  readonly #receiverPort: number;
  #port = 0;

  constructor(receiverUrl: string) {
    this.#receiverPort = Number(new URL(receiverUrl).port);
  }

  /** Opens it, at the same port each time. */
  async open(): Promise<string> {
    await new Promise<void>(resolve =>
      this.#server.listen(this.#port, '127.0.0.1', resolve),
    );
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) {
      throw new Error('The door has no port');
    }
    this.#port = address.port;
    return `http://127.0.0.1:${address.port}`;
  }

  /** Shuts it, and breaks what goes through. */
  async shut(): Promise<void> {
    const shut = new Promise(resolve => this.#server.close(resolve));
    this.#sockets.forEach(socket => socket.destroy());
    await shut;
  }
}

/** Counts the connections that are begun, whatever comes of them. */
function countConnects(guard: Guard): { guard: Guard; read(): number } {
  let count = 0;
  return {
    guard: {
      ...guard,
      checkAddress: (host, address) => {
        count += 1;
        return guard.checkAddress(host, address);
      },
    },
    read: () => count,
  };
}

/** Processes that send to one endpoint, `e`, over one store, and whose time a test lets pass. */
class Outage {
  readonly #store: Awaited<ReturnType<typeof stores.open>>;
  readonly #notifier = new InProcessNotifier();
  readonly #connects = countConnects(
    createGuard({ allow: ['127.0.0.0/8'], allowHttp: true }),
  );
  readonly #worlds: WebhookWorld[] = [];
  #aheadMs = 0;

  constructor(store: Awaited<ReturnType<typeof stores.open>>) {
    this.#store = store;
  }

  /** Connections that were begun so far. */
  get connects(): number {
    return this.#connects.read();
  }

  /** Starts one more process. */
  async startProcess(): Promise<WebhookWorld> {
    const world = new WebhookWorld(stores.openReplica(this.#store), {
      notifier: this.#notifier,
      sending: { guard: this.#connects.guard },
    });
    world.aheadMs = this.#aheadMs;
    ended.push(() => world.webhooks.stop());
    this.#worlds.push(world);
    await world.webhooks.start();
    return world;
  }

  /** Lets time pass for the store and for the clocks of all processes. */
  async pass(ms: number): Promise<void> {
    this.#aheadMs += ms;
    for (const world of this.#worlds) {
      world.aheadMs = this.#aheadMs;
    }
    await this.#store
      .knex('callboard_deliveries')
      .where('due_at', '>', 0)
      .decrement('due_at', Math.ceil(ms));
  }

  /** Waits until the breaker is open, and nothing is under way any more. */
  async untilOpen(): Promise<void> {
    while ((await this.#readBreaker()).state !== 'open') {
      await delay(5);
    }
    await this.untilQuiet();
  }

  /** Waits until all that may be sent by now was sent. */
  async untilQuiet(): Promise<void> {
    while (!(await this.#isQuiet())) {
      await delay(5);
    }
  }

  /** Lets time pass until nothing is owed any more; at each step all that is due is sent first. */
  async passUntilDone(): Promise<void> {
    await this.untilQuiet();
    while (await this.#isOwed()) {
      await this.pass(5 * minute);
      await this.untilQuiet();
    }
  }

  async #readBreaker() {
    const [{ endpoints }] = this.#worlds;
    return readHealthState((await endpoints.readHealth('e'))?.health).breaker;
  }

  async #isOwed(): Promise<boolean> {
    const owed = await this.#store
      .knex('callboard_deliveries')
      .whereIn('state', ['due', 'blocked', 'claimed'])
      .first('position');
    return owed !== undefined || this.#mayHaveNext();
  }

  async #mayHaveNext(): Promise<boolean> {
    const [{ pools }] = this.#worlds;
    return pools.subscriptions.mayHaveNext(toSubscriptionId('e'));
  }

  /** Looks in the order in which events go: out of the log into a batch. */
  async #isQuiet(): Promise<boolean> {
    const mayHaveNext = await this.#mayHaveNext();
    const batch = await this.#store.knex('callboard_batches').first('ticket');
    const breaker = await this.#readBreaker();
    const isHeldBack =
      breaker.state === 'open' && breaker.untilMs > Date.now() + this.#aheadMs;
    return batch === undefined && (isHeldBack || !mayHaveNext);
  }
}

async function startReceiver(): Promise<{
  receiver: WebhookReceiver;
  door: Door;
  url: string;
}> {
  const receiver = new WebhookReceiver();
  const door = new Door(await receiver.start());
  ended.push(() => receiver.stop());
  const url = await door.open();
  ended.push(() => door.shut());
  return { receiver, door, url };
}

const idsOf = (receiver: WebhookReceiver) =>
  receiver.requests.map(({ headers }) => String(headers['webhook-id']));

describe.each(stores.ids)('a receiver that was down, on %s', storeId => {
  const isShared = storeId !== 'SQLITE_FILE';

  it.each([
    { senders: 'one process', count: 1, isReplaced: false },
    { senders: 'a process that is replaced', count: 1, isReplaced: true },
    ...(isShared
      ? [{ senders: 'two processes', count: 2, isReplaced: false }]
      : []),
  ])(
    'costs $senders few connections in an hour, however much waits, and is sent everything afterwards, in the order of each key',
    async ({ senders, count, isReplaced }) => {
      const { receiver, door, url } = await startReceiver();
      const outage = new Outage(await stores.openInSchema(storeId));
      let world = await outage.startProcess();
      for (let more = 1; more < count; more++) {
        await outage.startProcess();
      }
      await world.create('e', url);
      const events = await world.publish(...keys, undefined);
      await receiver.waitFor(events.length);
      await world.untilSettled('e');

      await door.shut();
      const connectsBefore = outage.connects;
      events.push(...(await world.publish(...keys, ...keys, undefined)));
      await outage.untilOpen();
      const untilOpen = outage.connects - connectsBefore;
      for (let passedMs = 0; passedMs < hour; passedMs += minute) {
        events.push(...(await world.publish(...keys, undefined)));
        if (isReplaced && passedMs === hour / 2) {
          await world.webhooks.stop();
          world = await outage.startProcess();
        }
        await outage.pass(minute);
        await outage.untilQuiet();
      }
      const probes = outage.connects - connectsBefore - untilOpen;
      process.stdout.write(
        `${storeId}, ${senders}: ${untilOpen} connections until the breaker opened, ${probes} in the hour after that, ${events.length} events\n`,
      );
      expect(untilOpen).toBeLessThanOrEqual(count * mostUntilOpen);
      expect(probes).toBeLessThanOrEqual(mostProbesAnHour);
      expect(receiver.requests).toHaveLength(keys.length + 1);

      await door.open();
      await outage.passUntilDone();
      expect([...idsOf(receiver)].sort()).toEqual(
        events.map(({ id }) => id).sort(),
      );
      for (const key of keys) {
        const ids = events.filter(event => event.key === key).map(e => e.id);
        expect(idsOf(receiver).filter(id => ids.includes(id))).toEqual(ids);
      }
    },
    120_000,
  );
});
