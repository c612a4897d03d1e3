import { ConfigReader } from '@backstage/config';
import { readEmitterSettings } from './readEmitterSettings';

const read = (events: object, rest: object = {}) =>
  readEmitterSettings(
    new ConfigReader({ things: { events }, ...rest } as {}),
    'things',
    { maxRows: 7 },
  );

describe('the settings of an emitter', () => {
  it('have defaults', () => {
    expect(read({})).toEqual({
      enabled: true,
      outbox: { maxAgeMs: 604_800_000, maxRows: 7 },
    });
  });

  it('are read, and the limit of the events system with them', () => {
    expect(
      read(
        { enabled: false, outbox: { maxAge: { days: 1 }, maxRows: 5 } },
        { events: { publish: { maxPayloadBytes: 1_000 } } },
      ),
    ).toEqual({
      enabled: false,
      outbox: { maxAgeMs: 86_400_000, maxRows: 5 },
      maxPayloadBytes: 1_000,
    });
  });

  it.each([
    [{ outbox: { maxRows: 0 } }, 'things.events.outbox.maxRows'],
    [{ outbox: { maxAge: { days: 0 } } }, 'things.events.outbox.maxAge'],
  ])('are refused by name: %j', (events, name) => {
    expect(() => read(events)).toThrow(name);
  });
});
