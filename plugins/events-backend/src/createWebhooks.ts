import { isDeepStrictEqual } from 'node:util';
import type { AuthService, LoggerService } from '@backstage/backend-plugin-api';
import type { CatalogService } from '@backstage/plugin-catalog-node';
import type { NotificationService } from '@backstage/plugin-notifications-node';
import type { EventsSystem } from './createSystem';
import { describeKey } from './describeKey';
import type { DeclaredEndpoint, Endpoint, OpenSecrets } from './endpoints';
import type { ConfiguredEndpoint } from './readWebhookSettings';
import {
  Announcer,
  createEntityLookup,
  createGuard,
  createOwnerNotifier,
  defaultBreakerPolicy,
  defaultDisablingPolicy,
  Errands,
  EventRouter,
  ReplayRunner,
  EndpointSender,
  StandingSubscriptions,
  StoreClock,
  WebhookDoor,
  Webhooks,
  type SendingOptions,
} from './webhooks';

const second = 1_000;
const megabyte = 1024 * 1024;

/** What sends events to endpoints. */
export interface OutboundWebhooks {
  /** For whoever manages endpoints. */
  door: WebhookDoor;
  /** The endpoints that the configuration of this process declares. */
  declared: readonly DeclaredEndpoint[];
  /** Starts to send; resolves when every endpoint that there is stands. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Builds what sends events to endpoints, and makes the endpoints of the configuration what it declares.
 *
 * @throws Error that names the endpoint of the configuration that cannot be used, and the remedy
 */
export async function createWebhooks(options: {
  system: EventsSystem;
  catalog: CatalogService;
  auth: AuthService;
  notifications: NotificationService;
  logger: LoggerService;
}): Promise<OutboundWebhooks> {
  const { system, catalog, auth, notifications, logger } = options;
  const { endpoints, subscriptions, deliveries, log, notifier, settings } =
    system;
  const { handling, reading } = settings;
  const configured = new Map(
    settings.webhooks.endpoints.map(endpoint => [endpoint.id, endpoint]),
  );
  const router = new EventRouter({
    log,
    notifier,
    lookup: createEntityLookup({
      catalog,
      credentials: () => auth.getOwnServiceCredentials(),
      // The router waits for it, and with it those who ask for no entity.
      timeLimitMs: 2 * second,
      logger,
    }),
    options: {
      page: { events: 500, bytes: 4 * megabyte },
      pollIntervalMs: reading.pollIntervalMs,
      errorDelayMs: second,
      recent: { events: 2_000, bytes: 32 * megabyte },
    },
    logger,
  });
  const clock = new StoreClock({ readNow: () => endpoints.readNow() });
  const sending: SendingOptions = {
    guard: createGuard(settings.webhooks),
    proxy: settings.webhooks.proxy,
    source: settings.webhooks.source,
    now: () => clock.now(),
  };
  const openSender = async (endpoint: Endpoint) =>
    new EndpointSender(
      endpoint,
      endpoint.managedBy === 'config'
        ? await openConfigured(configured, endpoint)
        : await endpoints.openSecrets(endpoint),
      sending,
    );
  const standing = new StandingSubscriptions({ endpoints, subscriptions });
  const door = new WebhookDoor({
    standing,
    router,
    notifier,
    openSender,
    sending,
  });
  const webhooks = new Webhooks({
    endpoints,
    subscriptions,
    deliveries,
    router,
    notifier,
    options: {
      ...reading,
      maxBatchBytes: megabyte,
      // The breaker spares a receiver that fails at everything.
      loop: {
        ...handling,
        waitLimitMs: 3_600 * second,
        // A receiver takes its time, and what comes meanwhile need not wait for it.
        patienceMs: 5,
        sparing: { ...handling.sparing, afterFailures: Infinity },
      },
      disabling: {
        ...defaultDisablingPolicy,
        minDurationMs: settings.webhooks.disableAfterMs,
      },
      breaker: defaultBreakerPolicy,
      graceMs: handling.graceMs,
      refreshMs: 5 * second,
      dueMs: reading.pollIntervalMs,
      moveMs: 10 * second,
    },
    standing,
    openSender,
    clock,
    isUnavailable: system.isUnavailable,
    observer: system.telemetry,
    logger,
  });
  const replays = new ReplayRunner({
    log,
    endpoints,
    subscriptions,
    deliveries,
    choose: (endpoint, events) => router.chooseFor(endpoint.settings, events),
    onOwed: () => webhooks.lookSoon(),
  });
  const errands = new Errands({
    announcer: new Announcer({
      endpoints,
      publish: async event => {
        await system.accept([event], {
          source: 'events',
          timeLimitMs: settings.publish.timeLimitMs,
        });
      },
      notifyOwner: createOwnerNotifier({ notifications, logger }),
    }),
    replays,
    intervalMs: reading.pollIntervalMs,
    logger,
  });

  checkConfigured(settings.webhooks.endpoints, door);
  const { tail } = await log.ends();
  const declared = settings.webhooks.endpoints.map(
    ({ secrets, ...endpoint }): DeclaredEndpoint => ({
      ...endpoint,
      signing: secrets.signing.map(describeKey),
      secretHeaders: Object.keys(secrets.headers ?? {}),
    }),
  );
  const { taken } = await endpoints.reconcile(declared, tail);
  for (const id of taken) {
    logger.error(
      `Endpoint ${id} is declared (events.webhooks.endpoints), and is left out: the API has made an endpoint of this id. Declare another id, or remove that one (DELETE /api/events/v1/endpoints/${id}) and start again`,
    );
  }
  return {
    door,
    declared,
    async start() {
      await webhooks.start();
      errands.start();
    },
    async stop() {
      await Promise.all([errands.stop(), webhooks.stop()]);
    },
  };
}

function checkConfigured(
  configured: readonly ConfiguredEndpoint[],
  door: WebhookDoor,
): void {
  for (const { id, settings, secrets } of configured) {
    const problem = door.findProblem(settings, secrets);
    if (problem !== undefined) {
      throw new Error(
        `Invalid configuration: events.webhooks.endpoints.${id}: ${problem}`,
      );
    }
  }
}

/** While configurations differ, no process sends the credentials of one to the receiver of another. */
async function openConfigured(
  configured: ReadonlyMap<string, ConfiguredEndpoint>,
  { id, settings, secretHeaders }: Endpoint,
): Promise<OpenSecrets> {
  const endpoint = configured.get(id);
  if (!endpoint) {
    throw new Error(
      `The configuration of this process does not declare it (events.webhooks.endpoints.${id}). If no other process does either, it is removed half an hour after the last that did`,
    );
  }
  const isOurs =
    isSame(endpoint.settings, settings) &&
    isSame(Object.keys(endpoint.secrets.headers ?? {}), secretHeaders);
  if (!isOurs) {
    throw new Error(
      `The configuration of this process does not declare it as it stands (events.webhooks.endpoints.${id}): a process with another configuration has started, and sends its events. Once none is there any more, this one takes it back, within a quarter of an hour`,
    );
  }
  const { signing, headers, password, clientSecret, tlsKey } = endpoint.secrets;
  return { signing, headers: headers ?? {}, password, clientSecret, tlsKey };
}

/** As JSON, which is how one of them was stored. */
function isSame(one: unknown, other: unknown): boolean {
  const [a, b] = [one, other].map((value): unknown =>
    JSON.parse(JSON.stringify(value)),
  );
  return isDeepStrictEqual(a, b);
}
