import fc from 'fast-check';
import { acceptEvent } from '../model/acceptEvent';
import { presentEvent } from '../model/presentEvent';
import { createTestStores } from '../__testUtils__/stores';
import { SqlEventLog } from './SqlEventLog';

const stores = createTestStores();

const nested = Array.from({ length: 100 }).reduce<unknown>(
  inner => ({ inner }),
  'core',
);

const awkward: [string, unknown][] = [
  ['a zero character', { text: 'a\u0000b', '\u0000': '\u0000' }],
  ['lone surrogates', ['\ud800', '\udfff', 'x\udc00y']],
  ['emoji', { '👩‍👩‍👧': '🎭' }],
  ['a key __proto__', JSON.parse('{"__proto__":{"polluted":true},"a":1}')],
  ['a text that looks like an escape', '\\u0000 \\ud800'],
  ['100 levels of nesting', nested],
  ['null', null],
  ['a number', 1.5e300],
  ['an empty text', ''],
  ['a megabyte', 'é'.repeat(500_000)],
];

describe.each(stores.ids)('payloads in the log on %s', storeId => {
  async function roundTrip(log: SqlEventLog, eventPayload: unknown) {
    const metadata = { 'x-given': 'ü', 'x-many': ['1', '2'] };
    const [event] = acceptEvent(
      { topic: 'a', eventPayload, metadata },
      { source: 'test', maxPayloadBytes: 10_000_000 },
    );
    await log.append([event]);
    const stored = await log.readById(event.id);
    if (!stored) {
      throw new Error('The log does not have the event');
    }
    const presented = presentEvent(stored, 1);
    expect(presented.metadata).toMatchObject(metadata);
    return presented.eventPayload;
  }

  it.each(awkward)('keeps %s whole', async (_, payload) => {
    const log = new SqlEventLog(await stores.open(storeId));
    const returned = await roundTrip(log, payload);
    expect(JSON.stringify(returned)).toBe(JSON.stringify(payload));
    expect(returned).toEqual(payload);
  });

  it('keeps any JSON whole', async () => {
    const log = new SqlEventLog(await stores.open(storeId));
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue({ stringUnit: 'binary' }),
        async payload => {
          const returned = await roundTrip(log, payload);
          expect(JSON.stringify(returned)).toBe(JSON.stringify(payload));
        },
      ),
      { numRuns: 60 },
    );
  });
});
