import { mockServices } from '@backstage/backend-test-utils';
import { readClientSettings } from './readClientSettings';

const read = (events: object) =>
  readClientSettings(
    mockServices.rootConfig({ data: { events: { ...events } } }),
  );

describe('the settings of a process without the events plugin', () => {
  it.each([
    [{}, 30_000, 10_000],
    [{ publish: { timeLimit: '2 minutes' } }, 120_000, 10_000],
    [{ publish: { timeLimit: '3 seconds' } }, 3_000, 1_000],
    [{ publish: { timeLimit: { milliseconds: 1 } } }, 1, 1],
  ])(
    'leave time for more than one request that publishes: %j',
    (events, timeLimitMs, appendTimeLimitMs) => {
      expect(read(events).publishing).toMatchObject({
        timeLimitMs,
        options: { appendTimeLimitMs },
      });
    },
  );
});
