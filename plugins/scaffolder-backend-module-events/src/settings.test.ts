import { ConfigReader } from '@backstage/config';
import { readSettings } from './settings';

const read = (events?: object) =>
  readSettings(new ConfigReader({ scaffolder: { ...(events && { events }) } }));

describe('the settings of the module', () => {
  it('have defaults', () => {
    expect(read()).toEqual({
      enabled: true,
      outbox: { maxAgeMs: 604_800_000, maxRows: 100_000 },
    });
  });

  it('are read', () => {
    expect(
      read({ enabled: false, outbox: { maxAge: { days: 1 }, maxRows: 5 } }),
    ).toEqual({
      enabled: false,
      outbox: { maxAgeMs: 86_400_000, maxRows: 5 },
    });
  });

  it.each([
    [{ outbox: { maxRows: 0 } }, 'scaffolder.events.outbox.maxRows'],
    [{ outbox: { maxAge: { days: 0 } } }, 'scaffolder.events.outbox.maxAge'],
  ])('are refused by name: %j', (events, name) => {
    expect(() => read(events)).toThrow(name);
  });
});
