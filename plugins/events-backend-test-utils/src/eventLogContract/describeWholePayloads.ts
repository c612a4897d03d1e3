import { makeEvent } from '../makeEvent';
import type { EventLogSubject } from './EventLogSubject';
import { readAll } from './readAll';

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

export function describeWholePayloads(
  open: () => Promise<EventLogSubject>,
): void {
  describe('payloads', () => {
    it.each(awkward)('keeps %s whole', async (_, value) => {
      const { log } = await open();
      const event = makeEvent('a', {
        payload: JSON.stringify(value),
        metadata: JSON.stringify({ given: JSON.stringify(value) }),
      });
      await log.append([event]);
      const [stored] = await readAll(log);
      // Compared as text, so that Jest need not print a megabyte.
      expect(stored.payload === event.payload).toBe(true);
      expect(stored.metadata === event.metadata).toBe(true);
      expect(stored.size).toBe(event.size);
    });

    it('keeps JSON as it was written, white space and order of keys included', async () => {
      const { log } = await open();
      const payload = '{ "b" : 1.0,\n "a":1e2, "a":2 }';
      await log.append([makeEvent('a', { payload })]);
      await expect(readAll(log)).resolves.toMatchObject([{ payload }]);
    });

    it('keeps topics, keys and deduplication ids of any language', async () => {
      const { log } = await open();
      const event = makeEvent('théâtre.🎭', {
        key: 'ключ',
        deduplicationId: '配送',
      });
      await log.append([event]);
      const filter = { topics: ['théâtre.🎭'], key: 'ключ' };
      await expect(readAll(log, { filter })).resolves.toMatchObject([event]);
    });
  });
}
