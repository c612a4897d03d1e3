import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { startPortal } from '../__testUtils__/startPortal';
import {
  createParticipant,
  createRecorder,
} from '../__testUtils__/createParticipant';
import { createTestStores } from '../__testUtils__/stores';
import { Telemetry } from './Telemetry';

const stores = createTestStores();
const spans = new InMemorySpanExporter();
const measurements = new InMemoryMetricExporter(
  AggregationTemporality.CUMULATIVE,
);
const reader = new PeriodicExportingMetricReader({
  exporter: measurements,
  exportIntervalMillis: 2_000_000_000,
});

beforeAll(() => {
  context.setGlobalContextManager(
    new AsyncLocalStorageContextManager().enable(),
  );
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(spans)],
    }),
  );
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
});

beforeEach(() => {
  spans.reset();
  measurements.reset();
});

afterAll(async () => {
  await reader.shutdown();
  trace.disable();
  metrics.disable();
  propagation.disable();
  context.disable();
});

async function readCounts(name: string) {
  await reader.forceFlush();
  return measurements
    .getMetrics()
    .at(-1)
    ?.scopeMetrics.flatMap(scope => scope.metrics)
    .find(metric => metric.descriptor.name === name)
    ?.dataPoints.map(({ attributes, value }) => ({ ...attributes, value }));
}

async function start() {
  const alpha = createParticipant('alpha');
  const portal = await startPortal({
    knex: await stores.openEmpty('SQLITE_FILE'),
    config: {
      events: {
        http: {
          ingresses: [
            { topic: 'door', token: { secret: 'hush', header: 'x-token' } },
          ],
        },
        handlers: { retry: { maxAttempts: 1 } },
      },
    },
    features: [alpha.feature],
  });
  return {
    ...portal,
    alpha: await alpha.events,
    post: async (headers: Record<string, string>, body = '{}') => {
      const response = await fetch(`${portal.url}/http/door`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
      return response.status;
    },
  };
}

describe('telemetry', () => {
  it("carries the sender's trace through the event to the handler, and past it", async () => {
    const { alpha, post, stop } = await start();
    const recorder = createRecorder(({ topic }) =>
      topic === 'door'
        ? alpha.publish({ topic: 'next', eventPayload: 1 })
        : undefined,
    );
    await alpha.subscribe({
      id: 's',
      topics: ['door', 'next'],
      onEvent: recorder.onEvent,
    });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const senders = `00-${traceId}-b7ad6b7169203331-01`;
    expect(await post({ 'x-token': 'hush', traceparent: senders })).toBe(202);
    await recorder.waitFor(2);
    await stop();

    expect(recorder.received[0].metadata).toMatchObject({
      traceparent: senders,
    });
    const finished = spans.getFinishedSpans();
    const find = (name: string) =>
      finished.find(
        span => span.name === name && span.spanContext().traceId === traceId,
      );
    const ingress = find('ingress door');
    const handled = find('handle door');
    const next = find('handle next');
    expect(ingress?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(handled?.parentSpanContext?.spanId).toBe(
      ingress?.spanContext().spanId,
    );
    expect(next?.parentSpanContext?.spanId).toBe(handled?.spanContext().spanId);
  });

  it('tells whether notifications of other replicas arrive', async () => {
    const telemetry = new Telemetry();
    telemetry.onListening(true);
    expect(await readCounts('callboard.notifier.listening')).toEqual([
      { value: 1 },
    ]);
    telemetry.onListening(false);
    expect(await readCounts('callboard.notifier.listening')).toEqual([
      { value: 0 },
    ]);
  });

  it('counts what was accepted, rejected by reason, appended, handled and given up', async () => {
    const { alpha, post, stop } = await start();
    const recorder = createRecorder(({ eventPayload }) => {
      if (eventPayload === 'bad') {
        throw new Error('bad');
      }
    });
    await alpha.subscribe({
      id: 's',
      topics: ['door'],
      onEvent: recorder.onEvent,
    });
    const before = await readCounts('callboard.ingress.accepted');
    await post({ 'x-token': 'hush' });
    await post({ 'x-token': 'hush' }, '"bad"');
    await post({ 'x-token': 'wrong' });
    await post({ 'x-token': 'hush' }, '{');
    await post({ 'x-token': 'hush', 'content-type': 'text/x' });
    await recorder.waitFor(2);
    await stop();

    const sum = (points: { value: unknown }[] | undefined) =>
      (points ?? []).reduce((total, { value }) => total + Number(value), 0);
    expect(
      sum(await readCounts('callboard.ingress.accepted')) - sum(before),
    ).toBe(2);
    expect(await readCounts('callboard.ingress.rejected')).toEqual(
      expect.arrayContaining([
        { topic: 'door', reason: 'token', value: 1 },
        { topic: 'door', reason: 'invalid', value: 1 },
        { topic: 'door', reason: 'media_type', value: 1 },
      ]),
    );
    expect(await readCounts('callboard.handler.handled')).toEqual(
      expect.arrayContaining([
        {
          subscription: 'alpha.s',
          topic: 'door',
          outcome: 'failed',
          value: 1,
        },
      ]),
    );
    expect(await readCounts('callboard.delivery.dead')).toEqual([
      { subscription: 'alpha.s', value: 1 },
    ]);
    expect(sum(await readCounts('callboard.log.appended'))).toBeGreaterThan(0);
    expect(await readCounts('callboard.log.batch_size')).toHaveLength(1);
  });
});
