import { ConfigReader } from '@backstage/config';
import { readSettings } from './settings';

describe('the settings of the module', () => {
  it('have defaults', () => {
    expect(readSettings(new ConfigReader({}))).toEqual({
      enabled: true,
      outbox: { maxAgeMs: 604_800_000, maxRows: 100_000 },
    });
  });

  it('are read, and the limit of the events system with them', () => {
    const config = new ConfigReader({
      events: { publish: { maxPayloadBytes: 1_000 } },
      scaffolder: {
        events: { enabled: false, outbox: { maxAge: { days: 1 }, maxRows: 5 } },
      },
    });
    expect(readSettings(config)).toEqual({
      enabled: false,
      outbox: { maxAgeMs: 86_400_000, maxRows: 5 },
      maxPayloadBytes: 1_000,
    });
  });
});
