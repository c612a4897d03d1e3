import { randomUUID } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createBackend } from '@backstage/backend-defaults';
import {
  coreServices,
  createBackendModule,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import {
  eventsServiceRef,
  type EventParams,
  type EventsService,
} from '@backstage/plugin-events-node';
import {
  createEventParams,
  describeEvent,
  eventsServiceFactory,
} from '@callboard/backstage-plugin-events-node';
import {
  readMachineMs,
  type LoadPayload,
  type PublishLoad,
  type ReplicaCommand,
  type ReplicaRecord,
  type ReplicaStart,
  type ReplicaSubscription,
} from './replicaProtocol';

/**
 * A replica of a portal, in a process that a test may kill, stop and cut off: the events system, or its client, and a
 * plugin that publishes on command and writes down what its handlers are given.
 */
const start: ReplicaStart = JSON.parse(String(process.env.REPLICA));
const recordFile = openSync(start.recordFile, 'a');

function record(line: ReplicaRecord): void {
  writeSync(recordFile, `${JSON.stringify(line)}\n`);
}

let release = () => {};
const released = new Promise<void>(resolve => {
  release = resolve;
});

async function treat(
  { mode = 'fast', slowMs = 0 }: ReplicaSubscription,
  attempt: number,
): Promise<void> {
  if (mode === 'slow') {
    await delay(slowMs);
  } else if (mode === 'held' && attempt === 1) {
    await released;
    throw new Error('The handler was held, and fails');
  } else if (mode === 'throwing') {
    throw new Error('The handler always fails');
  }
}

function readPayload({ eventPayload }: EventParams): LoadPayload {
  if (!isLoadPayload(eventPayload)) {
    throw new Error('The event is not one of a load');
  }
  return eventPayload;
}

function isLoadPayload(payload: unknown): payload is LoadPayload {
  return (
    typeof payload === 'object' &&
    payload !== null &&
    'key' in payload &&
    typeof payload.key === 'string' &&
    'sequence' in payload &&
    typeof payload.sequence === 'number'
  );
}

async function handle(
  subscription: ReplicaSubscription,
  params: EventParams,
): Promise<void> {
  const { id, attempt } = describeEvent(params);
  const { key, sequence } = readPayload(params);
  const write = (kind: 'begin' | 'end' | 'failed') =>
    record({
      kind,
      subscription: subscription.id,
      id: String(id),
      key,
      sequence,
      attempt: Number(attempt),
      atMs: readMachineMs(),
    });
  write('begin');
  try {
    await treat(subscription, Number(attempt));
  } catch (error) {
    write('failed');
    throw error;
  }
  write('end');
}

let stopping = false;

/** Publishes one event, however often it is refused; its id makes that harmless. */
async function publishOne(
  events: EventsService,
  topic: string,
  payload: LoadPayload,
): Promise<void> {
  const { key, sequence } = payload;
  const id = randomUUID();
  const params = createEventParams({ topic, id, key, eventPayload: payload });
  let acknowledged = false;
  while (!acknowledged && !stopping) {
    const begin = readMachineMs();
    let error: string | undefined;
    try {
      await events.publish(params);
      acknowledged = true;
    } catch (caught) {
      error = String(caught);
    }
    const atMs = readMachineMs();
    record({
      kind: acknowledged ? 'acknowledged' : 'refused',
      topic,
      id,
      key,
      sequence,
      atMs,
      tookMs: atMs - begin,
      error,
    });
    if (!acknowledged) {
      await delay(100);
    }
  }
}

async function publish(
  events: EventsService,
  load: PublishLoad,
): Promise<void> {
  const { publishers, keysPerPublisher, pauseMs = 0 } = load;
  // Loads of one replica do not share keys.
  const prefix = `${start.name}-${randomUUID().slice(0, 8)}`;
  const empty = JSON.stringify({ key: prefix, sequence: 0, padding: '' });
  const padding = 'x'.repeat(Math.max(0, load.payloadBytes - empty.length));
  let left = load.events;
  await Promise.all(
    Array.from({ length: publishers }, async (_, publisher) => {
      for (let count = 0; left > 0 && !stopping; count++) {
        left -= 1;
        await publishOne(events, load.topic, {
          key: `${prefix}-${publisher}-${count % keysPerPublisher}`,
          sequence: Math.floor(count / keysPerPublisher),
          padding,
        });
        if (pauseMs > 0) {
          await delay(pauseMs);
        }
      }
    }),
  );
}

const recorder = createBackendPlugin({
  pluginId: 'recorder',
  register(env) {
    env.registerInit({
      deps: {
        events: eventsServiceRef,
        lifecycle: coreServices.rootLifecycle,
      },
      async init({ events, lifecycle }) {
        for (const subscription of start.subscriptions) {
          await events.subscribe({
            id: subscription.id,
            topics: [subscription.topic],
            onEvent: params => handle(subscription, params),
          });
        }
        process.on('message', (message: ReplicaCommand) => {
          if (message.command === 'publish') {
            publish(events, message.load);
          } else if (message.command === 'release') {
            release();
          }
        });
        lifecycle.addBeforeShutdownHook(() => {
          stopping = true;
        });
        lifecycle.addStartupHook(() => {
          process.send?.('ready');
        });
      },
    });
  },
});

/** Of the events plugin, because only a plugin can trigger its own tasks. */
const choreTrigger = createBackendModule({
  pluginId: 'events',
  moduleId: 'chore-trigger',
  register(env) {
    env.registerInit({
      deps: { scheduler: coreServices.scheduler },
      async init({ scheduler }) {
        process.on('message', async (message: ReplicaCommand) => {
          if (message.command === 'runChore') {
            await scheduler.triggerTask(message.id);
          }
        });
      },
    });
  },
});

// Whoever started this process is gone.
process.on('disconnect', () => process.exit(1));

const backend = createBackend();
if (start.isRemote) {
  backend.add(eventsServiceFactory);
} else {
  backend.add(import('@callboard/backstage-plugin-events-backend'));
  backend.add(choreTrigger);
}
backend.add(recorder);
// Backstage has logged why it cannot start.
backend.start().catch(() => process.exit(1));
