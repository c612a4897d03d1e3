import { setMaxListeners } from 'node:events';
import type {
  DatabaseService,
  LoggerService,
  RootConfigService,
} from '@backstage/backend-plugin-api';
import type {
  NewEvent,
  Notifier,
} from '@callboard/backstage-plugin-events-node';
import {
  FailureLog,
  GroupCommitter,
  HandlerBus,
  HandlingTelemetry,
} from '@callboard/backstage-plugin-events-node/bus';
import { BusV1Reader, LocalSubscriptionAccess } from './bus';
import { Contract, createContractCheck } from './contract';
import { openStore } from './database';
import { DeliveryPool } from './deliveries';
import { describeKey } from './describeKey';
import { EndpointPool, SecretVault } from './endpoints';
import { createAccept, Ingresses } from './ingress';
import type { Accept } from './model/accept';
import { SqlEventLog } from './log';
import { InProcessNotifier, PostgresNotifier } from './notifiers';
import { readSettings, type Settings } from './settings';
import { EventStreams } from './streams';
import { SubscriptionPool } from './subscriptions';
import { Telemetry } from './telemetry';
import { createKeyPair, createSecret } from './webhooks';

/** The rooms of one process, wired. */
export interface EventsSystem {
  settings: Settings;
  telemetry: Telemetry;
  log: SqlEventLog;
  subscriptions: SubscriptionPool;
  deliveries: DeliveryPool;
  endpoints: EndpointPool;
  notifier: Notifier;
  ingresses: Ingresses;
  contract: Contract;
  accept: Accept;
  access: LocalSubscriptionAccess;
  bus: HandlerBus;
  busV1: BusV1Reader;
  streams: EventStreams;
  /** Whether a failure of the store may pass. */
  isUnavailable: (error: unknown) => boolean;
  /** Aborted when the process stops. */
  stopping: AbortSignal;
  /** Ends streams, lets running handlers end, hands back the rest, and waits for appends that are under way. */
  stop(): Promise<void>;
}

/**
 * Builds the events system on the database of the events plugin, in the order of the picture in `ARCHITECTURE.md`.
 */
export async function createSystem(options: {
  config: RootConfigService;
  database: DatabaseService;
  logger: LoggerService;
  /** Filled by modules before the plugin opens the doors. */
  ingresses: Ingresses;
  /** Filled by modules likewise. */
  contract: Contract;
}): Promise<EventsSystem> {
  const { config, database, logger, ingresses, contract } = options;
  const settings = readSettings(config);
  const telemetry = new Telemetry();
  const handlingTelemetry = new HandlingTelemetry();
  const store = await openStore({
    database,
    logger,
    timeLimitMs: settings.store.timeLimitMs,
  });
  const replicas = store.dialect.shared
    ? new PostgresNotifier({
        knex: store.knex,
        options: settings.listening,
        observer: telemetry,
        logger,
      })
    : undefined;
  const notifier = replicas ?? new InProcessNotifier();
  const stopping = new AbortController();
  // Each request that is held listens, which is no leak.
  setMaxListeners(0, stopping.signal);
  const isUnavailable = (error: unknown) => store.dialect.isUnavailable(error);
  const isEphemeral = (topic: string) => settings.ephemeral.topics.has(topic);

  const log = new SqlEventLog(store);
  const appendFailures = new FailureLog({
    logger,
    failed: 'Appending events failed',
    worked: 'Appending events goes on',
  });
  const committer = new GroupCommitter({
    store: 'the events database',
    append: (events: readonly NewEvent[]) => log.append(events),
    weigh: ({ payload, metadata }) => payload.length + metadata.length,
    isUnavailable,
    options: settings.commit,
    observer: {
      onAppended: (events, outcomes, durationMs) => {
        telemetry.onAppended(events, outcomes, durationMs);
        appendFailures.onWorked();
        // Once for each append, and not for each publisher. For duplicates too: an append that succeeded without an answer
        // finds its own events when it is tried again, and nobody was told of them.
        notifier.notify(new Set(events.map(({ topic }) => topic)));
      },
      onAppendFailed: error => {
        telemetry.onAppendFailed();
        appendFailures.onFailed(error);
      },
    },
  });
  const accept = createAccept({
    append: (events, timeLimitMs) => committer.append(events, timeLimitMs),
    describe: event => ingresses.describe(event),
    readTraceparent: () => telemetry.readTraceparent(),
    isEphemeral,
    maxPayloadBytes: settings.publish.maxPayloadBytes,
    check: createContractCheck({
      contract,
      validation: settings.contract.validation,
      observer: telemetry,
      logger,
    }),
  });

  const deliveries = new DeliveryPool({
    store,
    policy: settings.retry,
    isEphemeral,
    observer: {
      onRetry: id => telemetry.onRetry(id),
      onDead: (id, { eventId, topic, error }) => {
        telemetry.onDead(id);
        logger.error(
          `Event ${eventId} of topic ${topic} is dead for ${id} and can be replayed: ${error}`,
        );
      },
    },
  });
  const subscriptions = new SubscriptionPool({ store, log, deliveries });
  if (!store.dialect.shared) {
    await subscriptions.lapseAll();
  }

  const endpoints = new EndpointPool({
    store,
    vault: new SecretVault(settings.webhooks.encryptionKeys),
    keys: {
      create(version) {
        if (version === 'v1') {
          return { key: createSecret() };
        }
        const { privateKey, publicKey } = createKeyPair();
        return { key: privateKey, publicKey };
      },
      read: describeKey,
    },
    onUnreadable: (id, error) =>
      logger.error(
        `What is stored of endpoint ${id} cannot be read, and it is passed over`,
        error instanceof Error ? error : new Error(String(error)),
      ),
  });

  const access = new LocalSubscriptionAccess({
    pool: subscriptions,
    notifier,
    options: settings.reading,
    isUnavailable,
  });
  const bus = new HandlerBus({
    access,
    options: settings.handling,
    observer: handlingTelemetry,
    logger,
  });

  const busV1 = new BusV1Reader({
    pool: subscriptions,
    notifier,
    options: { ...settings.reading, ...settings.busV1 },
    observer: handlingTelemetry,
    isUnavailable,
    logger,
  });

  const streams = new EventStreams({
    log,
    notifier,
    options: settings.streams,
    isUnavailable,
    logger,
  });

  replicas?.start();
  return {
    settings,
    telemetry,
    log,
    subscriptions,
    deliveries,
    endpoints,
    notifier,
    ingresses,
    contract,
    accept,
    access,
    bus,
    busV1,
    streams,
    isUnavailable,
    stopping: stopping.signal,
    async stop() {
      stopping.abort();
      await Promise.all([
        bus.stop(),
        busV1.stop(settings.handling.graceMs),
        streams.stop(),
      ]);
      await committer.stop();
      // Last, so that other replicas hear of what was appended to the end.
      await replicas?.stop();
    },
  };
}
