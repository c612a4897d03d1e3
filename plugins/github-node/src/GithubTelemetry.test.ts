import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { z } from 'zod';
import { startAcme, stopAll } from './__testUtils__/startAcme';

const measurements = new InMemoryMetricExporter(
  AggregationTemporality.CUMULATIVE,
);
const reader = new PeriodicExportingMetricReader({
  exporter: measurements,
  exportIntervalMillis: 2_000_000_000,
});

beforeAll(() => {
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
});

afterEach(stopAll);

afterAll(async () => {
  await reader.shutdown();
  metrics.disable();
});

async function readPoints(name: string) {
  await reader.forceFlush();
  return measurements
    .getMetrics()
    .at(-1)
    ?.scopeMetrics.flatMap(scope => scope.metrics)
    .find(metric => metric.descriptor.name === name)
    ?.dataPoints.map(({ attributes, value }) => ({ ...attributes, value }));
}

it('counts what was asked, what is left, and what a limit forbade', async () => {
  const { github, service, host, app } = await startAcme({
    token: 'personal-token',
    rateLimits: { core: 100, graphql: 50 },
  });
  const schema = z.unknown();
  const acme = service.forOwner({ host, owner: 'acme' });
  await acme.get({ path: '/repos/acme/site', schema });
  await acme.get({ path: '/repos/acme/none', schema }).catch(() => {});
  await acme.query({ query: '{ viewer { login } }', variables: {}, schema });
  await service
    .forOwner({ host, owner: 'other' })
    .get({ path: '/repos/other/public', schema });
  const itself = service.forApp({ host, appId: app.id });
  github.faults.limitSecondary(1);
  await itself.get({ path: '/app', schema }).catch(() => {});
  await itself.get({ path: '/app', schema }).catch(() => {});

  const owner = { host, app: app.id, owner: 'acme' };
  expect(await readPoints('callboard.github.requests')).toEqual([
    { ...owner, resource: 'core', outcome: 'answered', value: 1 },
    { ...owner, resource: 'core', outcome: 'missing', value: 1 },
    { ...owner, resource: 'graphql', outcome: 'answered', value: 1 },
    { host, resource: 'core', outcome: 'answered', value: 1 },
    { host, app: app.id, resource: 'core', outcome: 'limited', value: 1 },
  ]);
  expect(await readPoints('callboard.github.limited')).toEqual([
    { host, app: app.id, resource: 'core', limit: 'secondary', value: 1 },
    { host, app: app.id, resource: 'core', limit: 'waiting', value: 1 },
  ]);
  const remaining = await readPoints('callboard.github.budget.remaining');
  expect(remaining).toContainEqual({ ...owner, resource: 'core', value: 98 });
  expect(remaining).toContainEqual({
    ...owner,
    resource: 'graphql',
    value: 49,
  });
  expect(remaining).toContainEqual({ host, resource: 'core', value: 99 });
});
