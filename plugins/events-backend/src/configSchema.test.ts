import { resolve } from 'node:path';
import { ConfigReader } from '@backstage/config';
import { loadConfigSchema, type ConfigSchema } from '@backstage/config-loader';
import type { JsonObject } from '@backstage/types';
import { readIngressSettings } from './ingress';
import { readSettings } from './settings';

const full = {
  events: {
    store: { timeLimit: { seconds: 15 } },
    contract: { validation: 'enforce' },
    publish: {
      timeLimit: { seconds: 20 },
      maxPayloadBytes: 1_000,
      maxQueuedBytes: 2_000,
    },
    http: {
      topics: ['builds'],
      maxBodyBytes: 3_000,
      maxHeldBytes: 9_000,
      timeLimit: '3s',
      ingresses: [
        {
          topic: 'signed',
          hmac: {
            secret: ['hmac-secret-new', 'hmac-secret-old'],
            header: 'X-Signature',
            algorithm: 'sha512',
            encoding: 'base64',
            prefix: 'sha512=',
          },
          keyHeader: 'X-Project',
          deduplicationHeader: 'X-Delivery',
        },
        { topic: 'signed-once', hmac: { secret: 'hmac-secret', header: 'X' } },
        { topic: 'named', token: { secret: 'token-secret', header: 'X' } },
        {
          topic: 'named-twice',
          token: { secret: ['token-secret-new'], header: 'X' },
        },
        {
          topic: 'logged-in',
          basicAuth: { username: 'ci', password: 'password-secret' },
        },
        {
          topic: 'logged-in-twice',
          basicAuth: { username: 'ci', password: ['password-secret-new'] },
        },
      ],
    },
    notifyTimeoutMs: 20_000,
    handlers: {
      concurrency: 3,
      timeLimit: 'PT1M',
      shutdownGrace: { seconds: 5 },
      retry: {
        maxAttempts: 4,
        initialDelay: { seconds: 2 },
        maxDelay: { minutes: 1 },
      },
    },
    subscriptions: {
      lease: { seconds: 10 },
      pollInterval: { seconds: 1 },
      expireAfter: { days: 2 },
    },
    deliveries: { keepDead: { days: 3 } },
    ephemeral: { topics: ['presence'], retention: { minutes: 2 } },
    log: { retention: '1 day', maxAge: '2 days', maxEvents: 1_000_000 },
    streams: {
      maxStreams: 7,
      timeLimit: '10 minutes',
      stallLimit: { seconds: 20 },
      heartbeat: { seconds: 4 },
    },
    webhooks: {
      allow: ['receivers.internal', '10.1.0.0/16'],
      allowHttp: true,
      encryptionKeys: ['encryption-secret-of-thirty-two-letters'],
      proxy: {
        url: 'http://proxy.internal:3128',
        username: 'callboard',
        password: 'proxy-secret',
      },
      source: 'https://portal.example',
      keepAttempts: '10 days',
      disableAfter: { days: 2 },
      endpoints: {
        orders: {
          url: 'https://receiver.example/hooks',
          topics: ['catalog', 'github.*'],
          filter: "payload.action == 'created'",
          entity: {
            kind: ['Component'],
            annotation: { 'example.com/a': 'b', 'example.com/c': true },
          },
          format: 'cloudevents-structured',
          batch: { maxEvents: 10 },
          ordered: false,
          concurrency: 5,
          rateLimit: { events: 100, per: 'minute' },
          timeLimitMs: 5_000,
          retryScheduleMs: [0, 1_000],
          headers: { 'X-Team': 'platform' },
          auth: { type: 'basic', username: 'callboard' },
          tls: { authorities: 'PEM' },
          signatures: ['v1', 'v1a'],
          traceparent: true,
          owner: 'group:default/platform',
          description: 'Tells the shop',
          labels: { stage: 'test' },
          secrets: {
            signing: ['signing-secret'],
            headers: { 'X-Api-Key': 'header-secret' },
            password: 'basic-secret',
            clientSecret: 'client-secret',
            tlsKey: 'key-secret',
          },
        },
      },
    },
  },
};

/** Notes which settings are asked for. */
function recordKeys(read: (config: ConfigReader) => void): string[] {
  const keys = new Set<string>();
  const record = new Proxy(new ConfigReader({}), {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function'
        ? (...parameters: unknown[]) => {
            keys.add(String(parameters[0]));
            return Reflect.apply(value, target, parameters);
          }
        : value;
    },
  });
  read(record);
  return [...keys];
}

describe('the schema of the configuration', () => {
  let schema: ConfigSchema;
  beforeAll(async () => {
    schema = await loadConfigSchema({
      dependencies: [],
      packagePaths: [resolve(__dirname, '../package.json')],
      excludePackageDependencies: true,
      noUndeclaredProperties: true,
    });
  });

  const process = (
    data: JsonObject,
    visibility?: Array<'frontend' | 'backend' | 'secret'>,
  ) => schema.process([{ context: 'test', data }], { visibility });

  it('knows every setting that is read', () => {
    const keys = [
      ...recordKeys(readSettings),
      ...recordKeys(readIngressSettings),
    ];
    expect(keys.length).toBeGreaterThan(15);
    const documented = new ConfigReader(full);
    // Others say what `app` is.
    const ours = keys.filter(key => key.startsWith('events.'));
    expect(ours.filter(key => !documented.has(key))).toEqual([]);
    expect(() => process(full)).not.toThrow();
  });

  it('has an example that is read without complaint', () => {
    const config = new ConfigReader(full);
    expect(readSettings(config)).toMatchObject({
      publish: { timeLimitMs: 20_000, maxPayloadBytes: 1_000 },
      contract: { validation: 'enforce' },
      commit: { maxQueuedBytes: 2_000 },
      handling: {
        concurrency: 3,
        handlerTimeLimitMs: 60_000,
        graceMs: 5_000,
      },
      reading: { leaseMs: 10_000 },
      ephemeral: { topics: new Set(['presence']), retentionMs: 120_000 },
      retry: { maxAttempts: 4, initialDelayMs: 2_000, maxDelayMs: 60_000 },
      retention: {
        retentionMs: 86_400_000,
        maxAgeMs: 2 * 86_400_000,
        maxEvents: 1_000_000,
      },
      streams: {
        maxStreams: 7,
        timeLimitMs: 600_000,
        stallLimitMs: 20_000,
        heartbeatMs: 4_000,
      },
      webhooks: {
        allow: ['receivers.internal', '10.1.0.0/16'],
        allowHttp: true,
        encryptionKeys: ['encryption-secret-of-thirty-two-letters'],
        proxy: {
          url: 'http://proxy.internal:3128',
          authorization: expect.stringMatching(/^Basic /),
        },
        source: 'https://portal.example',
        keepAttemptsMs: 10 * 86_400_000,
        disableAfterMs: 2 * 86_400_000,
        endpoints: [
          {
            id: 'orders',
            settings: {
              topics: ['catalog', 'github.*'],
              auth: { type: 'basic', username: 'callboard' },
              rateLimit: { events: 100, per: 'minute' },
            },
            secrets: { signing: ['signing-secret'], password: 'basic-secret' },
          },
        ],
      },
      expireSubscriptionsAfterMs: 2 * 86_400_000,
      keepDeadMs: 3 * 86_400_000,
    });
    expect(readIngressSettings(config)).toMatchObject({
      topics: ['builds'],
      maxBodyBytes: 3_000,
      maxHeldBytes: 9_000,
      timeLimitMs: 3_000,
      sources: full.events.http.ingresses.map(({ topic }) => ({ topic })),
    });
  });

  it.each([
    ['a number that is a word', { log: { maxEvents: 'many' } }],
    ['a duration that is a number', { log: { retention: [7] } }],
    ['a setting that does not exist', { log: { retentoin: '7 days' } }],
    [
      'an encoding that does not exist',
      {
        http: {
          ingresses: [
            {
              topic: 'a',
              hmac: { secret: 's', header: 'h', encoding: 'octal' },
            },
          ],
        },
      },
    ],
    [
      'an ingress without a topic',
      { http: { ingresses: [{ keyHeader: 'a' }] } },
    ],
  ])('refuses %s', (_, events) => {
    expect(() => process({ events })).toThrow(/Config/);
  });

  it('shows nothing to the frontend, and secrets not even to the backend', () => {
    expect(process(full, ['frontend'])).toEqual([
      expect.objectContaining({ data: {} }),
    ]);
    const shown = JSON.stringify(process(full, ['frontend', 'backend']));
    expect(shown).toContain('X-Signature');
    expect(shown).toContain('receiver.example');
    expect(shown).not.toMatch(
      /(hmac|token|password|encryption|proxy|signing|header|basic|client|key)-secret/,
    );
    const secrets = JSON.stringify(process(full, ['secret'])).match(
      /[a-z]+-secret/g,
    );
    expect(secrets).toHaveLength(14);
  });
});
