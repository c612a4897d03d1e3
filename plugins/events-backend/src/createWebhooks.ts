import type { AuthService, LoggerService } from '@backstage/backend-plugin-api';
import type { CatalogService } from '@backstage/plugin-catalog-node';
import type { NotificationService } from '@backstage/plugin-notifications-node';
import type { EventsSystem } from './createSystem';
import { describeKey } from './describeKey';
import type { Endpoint, OpenSecrets } from './endpoints';
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
  Webhooks,
} from './webhooks';

const second = 1_000;
const megabyte = 1024 * 1024;

/** What sends events to endpoints. */
export interface OutboundWebhooks {
  webhooks: Webhooks;
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
  const webhooks = new Webhooks({
    endpoints,
    subscriptions,
    deliveries,
    router,
    notifier,
    options: {
      ...reading,
      maxBatchBytes: 4 * megabyte,
      // The breaker spares a receiver that fails at everything.
      loop: {
        ...handling,
        waitLimitMs: 3_600 * second,
        sparing: { ...handling.sparing, afterFailures: Infinity },
      },
      disabling: {
        ...defaultDisablingPolicy,
        minDurationMs: settings.webhooks.disableAfterMs,
      },
      breaker: defaultBreakerPolicy,
      graceMs: handling.graceMs,
      sending: {
        guard: createGuard(settings.webhooks),
        proxy: settings.webhooks.proxy,
        source: settings.webhooks.source,
      },
      refreshMs: 5 * second,
      dueMs: reading.pollIntervalMs,
      moveMs: 10 * second,
    },
    openSecrets: endpoint =>
      endpoint.managedBy === 'config'
        ? openConfigured(configured, endpoint)
        : endpoints.openSecrets(endpoint),
    isUnavailable: system.isUnavailable,
    observer: system.telemetry,
    logger,
  });
  const replays = new ReplayRunner({
    log,
    endpoints,
    subscriptions,
    deliveries,
    choose: (endpoint, events) => webhooks.choose(endpoint, events),
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

  checkConfigured(settings.webhooks.endpoints, webhooks);
  const { removed } = await endpoints.reconcile(
    settings.webhooks.endpoints.map(({ id, settings: declared, secrets }) => ({
      id,
      settings: declared,
      signing: secrets.signing.map(describeKey),
      secretHeaders: Object.keys(secrets.headers ?? {}),
    })),
  );
  for (const id of removed) {
    await webhooks.unregister(id);
    logger.info(
      `Endpoint ${id} is not declared any more (events.webhooks.endpoints), and was removed with what was owed to it`,
    );
  }
  return {
    webhooks,
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
  webhooks: Webhooks,
): void {
  for (const { id, settings, secrets } of configured) {
    const problem = webhooks.findProblem(settings, secrets);
    if (problem !== undefined) {
      throw new Error(
        `Invalid configuration: events.webhooks.endpoints.${id}: ${problem}`,
      );
    }
  }
}

async function openConfigured(
  configured: ReadonlyMap<string, ConfiguredEndpoint>,
  { id }: Endpoint,
): Promise<OpenSecrets> {
  const endpoint = configured.get(id);
  if (!endpoint) {
    throw new Error(
      `The configuration of this process does not declare it (events.webhooks.endpoints.${id}); another process has started with one that does`,
    );
  }
  const { signing, headers, password, clientSecret, tlsKey } = endpoint.secrets;
  return { signing, headers: headers ?? {}, password, clientSecret, tlsKey };
}
