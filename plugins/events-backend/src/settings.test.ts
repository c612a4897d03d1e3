import { ConfigReader } from '@backstage/config';
import { readSettings } from './settings';

const read = (events: object) => readSettings(new ConfigReader({ events }));

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

describe('reading the settings', () => {
  it('needs none', () => {
    expect(readSettings(new ConfigReader({}))).toEqual({
      store: { timeLimitMs: 30 * second },
      publish: { timeLimitMs: 30 * second, maxPayloadBytes: 33_554_432 },
      contract: { validation: 'warn' },
      commit: expect.objectContaining({ maxQueuedBytes: 268_435_456 }),
      handling: expect.objectContaining({
        concurrency: 10,
        handlerTimeLimitMs: 5 * minute,
        graceMs: 10 * second,
      }),
      reading: expect.objectContaining({
        leaseMs: 30 * second,
        pollIntervalMs: 2 * second,
      }),
      ephemeral: { topics: new Set(['signals']), retentionMs: 10 * minute },
      busV1: expect.objectContaining({
        maxBatchEvents: 10,
        notifyTimeoutMs: 55 * second,
      }),
      listening: expect.objectContaining({ heartbeatMs: 10 * second }),
      retry: expect.objectContaining({
        maxAttempts: 10,
        initialDelayMs: second,
        maxDelayMs: 15 * minute,
      }),
      retention: {
        retentionMs: 7 * day,
        maxAgeMs: 30 * day,
        maxEvents: 10_000_000,
      },
      streams: expect.objectContaining({
        maxStreams: 100,
        timeLimitMs: 30 * minute,
        stallLimitMs: minute,
        heartbeatMs: 15 * second,
      }),
      webhooks: {
        allow: [],
        allowHttp: false,
        encryptionKeys: [],
        proxy: undefined,
        source: undefined,
        keepAttemptsMs: 30 * day,
        disableAfterMs: 5 * day,
        endpoints: [],
      },
      expireSubscriptionsAfterMs: 7 * day,
      keepDeadMs: 14 * day,
    });
  });

  it.each([
    [{ log: { retention: { days: 1 } } }],
    [{ log: { retention: '1 day' } }],
    [{ log: { retention: 'P1D' } }],
  ])('takes a duration as object or text: %j', events => {
    expect(read(events).retention.retentionMs).toBe(day);
  });

  it.each([
    [{ store: { timeLimit: { seconds: 0 } } }, 'events.store.timeLimit'],
    [{ publish: { timeLimit: { seconds: 0 } } }, 'events.publish.timeLimit'],
    [{ publish: { maxPayloadBytes: 0 } }, 'events.publish.maxPayloadBytes'],
    [{ publish: { maxQueuedBytes: 0.5 } }, 'events.publish.maxQueuedBytes'],
    [{ notifyTimeoutMs: 0 }, 'events.notifyTimeoutMs'],
    [{ notifyTimeoutMs: 2 ** 31 }, 'events.notifyTimeoutMs'],
    [{ handlers: { concurrency: 'all' } }, 'events.handlers.concurrency'],
    [{ handlers: { timeLimit: 'a while' } }, 'events.handlers.timeLimit'],
    [
      { handlers: { shutdownGrace: { seconds: -1 } } },
      'events.handlers.shutdownGrace',
    ],
    [
      { handlers: { retry: { maxAttempts: 0 } } },
      'events.handlers.retry.maxAttempts',
    ],
    [
      { handlers: { retry: { initialDelay: {} } } },
      'events.handlers.retry.initialDelay',
    ],
    [
      { handlers: { retry: { maxDelay: 7 } } },
      'events.handlers.retry.maxDelay',
    ],
    [
      { subscriptions: { lease: { milliseconds: 999 } } },
      'events.subscriptions.lease',
    ],
    [
      { subscriptions: { pollInterval: { milliseconds: 49 } } },
      'events.subscriptions.pollInterval',
    ],
    [
      { subscriptions: { expireAfter: { seconds: 59 } } },
      'events.subscriptions.expireAfter',
    ],
    [
      { deliveries: { keepDead: { days: 'two' } } },
      'events.deliveries.keepDead',
    ],
    [{ log: { retention: { days: 0 } } }, 'events.log.retention'],
    [{ log: { maxAge: { days: 6 } } }, 'events.log.maxAge'],
    [{ log: { maxEvents: -1 } }, 'events.log.maxEvents'],
    [{ streams: { maxStreams: 0 } }, 'events.streams.maxStreams'],
    [{ streams: { timeLimit: { days: 25 } } }, 'events.streams.timeLimit'],
    [{ streams: { stallLimit: 60 } }, 'events.streams.stallLimit'],
    [{ streams: { heartbeat: '0s' } }, 'events.streams.heartbeat'],
  ])('names the setting that is wrong: %j', (events, name) => {
    expect(() => read(events)).toThrow(name);
  });
});
