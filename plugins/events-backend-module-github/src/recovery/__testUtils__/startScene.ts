import type { AddressInfo } from 'node:net';
import {
  createServiceFactory,
  coreServices,
  type SchedulerServiceTaskScheduleDefinition,
  type SchedulerServiceTaskInvocationDefinition,
} from '@backstage/backend-plugin-api';
import { mockServices, startTestBackend } from '@backstage/backend-test-utils';
import events from '@callboard/backstage-plugin-events-backend';
import {
  bundleFeatures,
  GithubModel,
  GithubServer,
  type GithubServerOptions,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import type { JsonObject } from '@backstage/types';
import type { Knex } from 'knex';
import github from '../..';
import { openDoor, type Interceptor } from './openDoor';

export const secret = 'It is a secret to everybody';
const ingressPath = '/api/events/http/github';
const closing: (() => Promise<unknown>)[] = [];

/** Ends everything that was started. */
export async function endScenes(): Promise<void> {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
}

/** A row of the log, with what is of interest here. */
export interface StoredEvent {
  topic: string;
  key: string | null;
  deduplication_id: string;
  payload: string;
  metadata: string;
}

/**
 * A GitHub with an app that is installed in the organization `acme`, which has the repository `acme/site`; and a door at
 * which its webhooks arrive, behind which there is a portal or not. What it delivers is a minute old at once, until its
 * clock is set.
 */
export async function startScene(
  options: GithubServerOptions & {
    /** Sees what GitHub is asked first. */
    intercept?: Interceptor;
    /** Whether the app has a webhook; it has unless given. */
    hasAppHook?: boolean;
  } = {},
) {
  const { intercept, hasAppHook = true, ...serverOptions } = options;
  const clock = { behindMs: 60_000 };
  const model = new GithubModel({ now: () => Date.now() - clock.behindMs });
  const server = new GithubServer({
    model,
    webhookTimeoutMs: 2_000,
    ...serverOptions,
  });
  closing.push(() => server.stop());
  const { origin } = await server.start();
  // Between the portal and GitHub, for what that does not know.
  const front = await openDoor(intercept);
  front.leadTo(origin);
  const door = await openDoor();
  closing.push(
    () => front.close(),
    () => door.close(),
  );
  const url = `${door.origin}${ingressPath}`;
  model.addOrganization('acme');
  const { app, privateKey } = model.addApp({
    slug: 'callboard',
    ...(hasAppHook && { webhook: { url, secret } }),
  });
  model.installations.create({ appId: app.id, account: 'acme' });
  model.repositories.create({ owner: 'acme', name: 'site' });
  await server.settleWebhooks();

  const host = new URL(front.origin).host;
  const integration = {
    host,
    apiBaseUrl: `${front.origin}/api/v3`,
    apps: [
      {
        appId: app.id,
        clientId: app.clientId,
        clientSecret: 'unused',
        webhookSecret: secret,
        privateKey,
      },
    ],
  };
  let pushes = 0;

  return {
    server,
    model,
    clock,
    door,
    url,
    host,
    app,
    integration,
    /** Pushes so many times, and waits for the webhooks. */
    async push(count: number, repository: string = 'acme/site') {
      for (let index = 0; index < count; index++) {
        pushes += 1;
        model.branches.push(repository, {
          commits: [{ files: { 'README.md': `${pushes}` } }],
        });
      }
      await server.settleWebhooks();
    },
    /** Sends the webhooks of the app to another URL. */
    moveHook(to: string) {
      if (app.hook) {
        model.moveHook(app.hook, to);
      }
    },
    /** What GitHub was to deliver, by `X-GitHub-Delivery`, in the order in which it began to. */
    listGuids: () => [
      ...new Set(
        server.deliveries
          .list()
          .sort((a, b) => a.deliveredMs - b.deliveredMs || a.id - b.id)
          .map(({ guid }) => guid),
      ),
    ],
    /** Starts a portal behind the door. */
    startPortal: (knex: Knex, config: PortalConfig = {}) =>
      startPortal(knex, door, { integrations: [integration], ...config }),
  };
}

/** What is different from portal to portal. */
export interface PortalConfig {
  integrations?: JsonObject[];
  recovery?: JsonObject;
  maxPayloadBytes?: number;
  /** Of the backend; where webhooks go unless given. */
  baseUrl?: string;
}

async function startPortal(
  knex: Knex,
  door: { origin: string; leadTo(url: string | undefined): void },
  {
    integrations = [],
    recovery,
    maxPayloadBytes,
    baseUrl = door.origin,
  }: PortalConfig,
) {
  const schedule = createSchedule();
  const logger = mockServices.logger.mock();
  logger.child.mockImplementation(() => logger);
  const backend = await startTestBackend({
    features: [
      bundleFeatures(events, github),
      mockServices.database.factory({ knex }),
      mockServices.rootConfig.factory({
        data: {
          backend: { baseUrl },
          integrations: { github: integrations },
          events: {
            ...(maxPayloadBytes && { publish: { maxPayloadBytes } }),
            modules: {
              github: {
                webhookSecret: secret,
                ...(recovery && { recovery }),
              },
            },
          },
        },
      }),
      createServiceFactory({
        service: coreServices.logger,
        deps: {},
        factory: () => logger,
      }),
      schedule.factory,
    ],
  });
  const { port } = backend.server.address() as AddressInfo;
  door.leadTo(`http://127.0.0.1:${port}`);
  let isRunning = true;
  const stop = async () => {
    if (isRunning) {
      isRunning = false;
      door.leadTo(undefined);
      await backend.stop();
    }
  };
  closing.push(stop);
  return {
    knex,
    logger,
    stop,
    /** What was said, besides details. */
    listLines: () =>
      [logger.info, logger.warn, logger.error].flatMap(({ mock }) =>
        mock.calls.map(([message]) => message),
      ),
    /** What the schedule has of the recovery; undefined if it is off. */
    get task() {
      return schedule.task;
    },
    /** Resolves when the turn that the start began is over. */
    firstTurn: () => schedule.firstTurn(),
    /** Takes another turn. */
    takeTurn: () => schedule.takeTurn(),
    readLog: (): Promise<StoredEvent[]> =>
      knex('callboard_events as e')
        .join('callboard_contents as c', 'c.position', 'e.content_position')
        .orderBy('e.position')
        .select(
          'e.topic',
          'e.key',
          'e.deduplication_id',
          'payload',
          'metadata',
        ),
  };
}

/** The log's events of topic `github`. */
export function listGuids(log: readonly StoredEvent[]): string[] {
  return log
    .filter(({ topic }) => topic === 'github')
    .map(each => each.deduplication_id);
}

/** A schedule on which the recovery runs when the test says so, or something triggers it. */
function createSchedule() {
  const tasks = new Map<
    string,
    SchedulerServiceTaskScheduleDefinition &
      SchedulerServiceTaskInvocationDefinition
  >();
  const id = 'callboard-github-recovery';
  const controller = new AbortController();
  let turn: Promise<void> | undefined;
  const takeTurn = async () => {
    const task = tasks.get(id);
    if (!task) {
      throw new Error('The recovery is not on the schedule');
    }
    turn = Promise.resolve(task.fn(controller.signal));
    await turn;
  };
  return {
    get task() {
      return tasks.get(id);
    },
    takeTurn,
    async firstTurn() {
      if (!turn) {
        throw new Error('The start has begun no turn');
      }
      await turn;
    },
    factory: createServiceFactory({
      service: coreServices.scheduler,
      deps: {},
      factory: () => ({
        triggerTask: takeTurn,
        cancelTask: async () => {},
        scheduleTask: async task => {
          tasks.set(task.id, task);
        },
        createScheduledTaskRunner: schedule => ({
          run: async task => {
            tasks.set(task.id, { ...schedule, ...task });
          },
        }),
        getScheduledTasks: async () => [],
      }),
    }),
  };
}
