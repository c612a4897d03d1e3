import { mockServices } from '@backstage/backend-test-utils';
import {
  endpointSettingsSchema,
  type EndpointSecrets,
} from '@callboard/backstage-plugin-events-common';
import type { Notifier } from '@callboard/backstage-plugin-events-node';
import { z } from 'zod';
import { createPools, type Pools } from '../../../__testUtils__/pools';
import type { Store } from '../../../database';
import { describeKey } from '../../../describeKey';
import {
  EndpointPool,
  SecretVault,
  toSubscriptionId,
  type Endpoint,
  type EndpointAttempt,
} from '../../../endpoints';
import { InProcessNotifier } from '../../../notifiers';
import { createGuard } from '../../guard';
import type { EntityLookup } from '../../entities';
import { defaultBreakerPolicy, defaultDisablingPolicy } from '../../sending';
import { createKeyPair, createSecret } from '../../signing';
import { EventRouter } from '../EventRouter';
import { EndpointSender, type SendingOptions } from '../EndpointSender';
import { ReplayRunner } from '../ReplayRunner';
import { StoreClock } from '../StoreClock';
import { StandingSubscriptions } from '../StandingSubscriptions';
import { WebhookDoor } from '../WebhookDoor';
import { Webhooks, type WebhookOptions } from '../Webhooks';

type SettingsInput = z.input<typeof endpointSettingsSchema>;

/** Opens nothing but loopback, which is where the receivers of tests are. */
const guard = createGuard({ allow: ['127.0.0.0/8'], allowHttp: true });

const nobody: EntityLookup = async refs =>
  new Map(refs.map(ref => [ref, undefined]));

/** Everything that sends to endpoints, over one store, and short words for what tests do with it. */
export class WebhookWorld {
  readonly pools: Pools;
  readonly endpoints: EndpointPool;
  readonly notifier: Notifier;
  readonly standing: StandingSubscriptions;
  readonly door: WebhookDoor;
  readonly webhooks: Webhooks;
  readonly router: EventRouter;
  readonly replays: ReplayRunner;
  readonly logger = mockServices.logger.mock();
  /** What the clock of breakers is ahead, in milliseconds. */
  aheadMs = 0;

  constructor(
    store: Store,
    options: {
      lookup?: EntityLookup;
      notifier?: Notifier;
      sending?: Partial<SendingOptions>;
      webhooks?: Partial<WebhookOptions>;
    } = {},
  ) {
    this.pools = createPools(store);
    this.notifier = options.notifier ?? new InProcessNotifier();
    this.endpoints = new EndpointPool({
      store,
      vault: new SecretVault(['a key that only tests have, and long enough']),
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
      onUnreadable: (_, error) => {
        throw error;
      },
    });
    const isUnavailable = (error: unknown) =>
      store.dialect.isUnavailable(error);
    this.router = new EventRouter({
      log: this.pools.log,
      notifier: this.notifier,
      lookup: options.lookup ?? nobody,
      options: {
        page: { events: 100, bytes: 1_000_000 },
        pollIntervalMs: 1_000,
        errorDelayMs: 5,
        recent: { events: 1_000, bytes: 10_000_000 },
      },
      logger: this.logger,
    });
    this.standing = new StandingSubscriptions({
      endpoints: this.endpoints,
      subscriptions: this.pools.subscriptions,
    });
    const clock = new StoreClock({
      readNow: () => this.endpoints.readNow(),
      passedMs: () => this.aheadMs,
    });
    const sending = {
      now: () => clock.now(),
      guard,
      source: 'https://portal.example',
      ...options.sending,
    };
    const openSender = async (endpoint: Endpoint) =>
      new EndpointSender(
        endpoint,
        await this.endpoints.openSecrets(endpoint),
        sending,
      );
    this.door = new WebhookDoor({
      standing: this.standing,
      router: this.router,
      notifier: this.notifier,
      openSender,
      sending,
    });
    this.webhooks = new Webhooks({
      endpoints: this.endpoints,
      subscriptions: this.pools.subscriptions,
      deliveries: this.pools.deliveries,
      router: this.router,
      notifier: this.notifier,
      options: {
        maxBatchBytes: 1_000_000,
        keyPatienceMs: 5,
        leaseMs: 30_000,
        loop: {
          maxBatchEvents: 200,
          patienceMs: 20,
          loadedBatchEvents: 8,
          gatherMs: { least: 1, most: 5 },
          sparing: {
            afterFailures: Infinity,
            maxBatchEvents: 1,
            pauseMs: 1,
          },
          waitLimitMs: 60_000,
          callLimitMs: 30_000,
          errorDelayMs: 5,
        },
        disabling: defaultDisablingPolicy,
        breaker: defaultBreakerPolicy,
        graceMs: 2_000,
        refreshMs: 1_000,
        dueMs: 20,
        moveMs: 1_000,
        ...options.webhooks,
      },
      standing: this.standing,
      openSender,
      isUnavailable,
      clock,
      observer: { observeSending: (_, send) => send() },
      logger: this.logger,
    });
    this.replays = new ReplayRunner({
      log: this.pools.log,
      endpoints: this.endpoints,
      subscriptions: this.pools.subscriptions,
      deliveries: this.pools.deliveries,
      choose: ({ settings }, events) => this.router.chooseFor(settings, events),
      onOwed: () => this.webhooks.lookSoon(),
    });
  }

  /** Makes an endpoint for topic `t` as the API does, and has all processes look. */
  async create(
    id: string,
    url: string,
    settings: Partial<SettingsInput> = {},
    secrets: EndpointSecrets = {},
  ): Promise<{ endpoint: Endpoint; signing: string[] }> {
    const made = await this.endpoints.create({
      managedBy: 'api',
      id,
      settings: endpointSettingsSchema.parse({
        url,
        topics: ['t'],
        owner: 'group:default/testers',
        ...settings,
      }),
      secrets,
      createdBy: 'user:default/tester',
    });
    await this.standing.register(made.endpoint);
    await this.webhooks.refresh();
    return made;
  }

  /** Appends events of topic `t`, one for each key, and wakes. */
  async publish(...keys: (string | undefined)[]) {
    const events = await this.pools.publish(...keys);
    this.notifier.notify(new Set(['t']));
    return events;
  }

  /** Waits until an endpoint is in a state. */
  async untilState(id: string, state: Endpoint['state']): Promise<Endpoint> {
    for (;;) {
      const endpoint = await this.endpoints.read(id);
      if (endpoint?.state === state) {
        return endpoint;
      }
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  /** Waits for so many attempts, and gives them in the order in which they began. */
  async untilAttempts(
    endpointId: string,
    count: number,
  ): Promise<EndpointAttempt[]> {
    for (;;) {
      const attempts = await this.endpoints.listAttempts({
        endpointId,
        limit: 200,
      });
      if (attempts.length >= count) {
        return attempts.toReversed();
      }
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  /**
   * Waits until nothing of an endpoint is to be read, in hand or owed.
   *
   * What is to be read only becomes less once everything is published. What is in hand and what is owed is asked for at
   * once: it goes to and fro between the two.
   */
  async untilSettled(endpointId: string): Promise<void> {
    const { store, subscriptions } = this.pools;
    const id = toSubscriptionId(endpointId);
    while (await subscriptions.mayHaveNext(id)) {
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    const { knex } = store;
    const counting = knex
      .select(
        knex('callboard_batches')
          .where({ subscription_id: id })
          .count('*')
          .as('batches'),
        knex('callboard_deliveries')
          .where({ subscription_id: id })
          .whereIn('state', ['due', 'blocked', 'claimed'])
          .count('*')
          .as('owed'),
      )
      .first<{ batches: number | string; owed: number | string }>();
    for (;;) {
      const { batches, owed } = await counting.clone();
      if (Number(batches) === 0 && Number(owed) === 0) {
        return;
      }
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }
}
