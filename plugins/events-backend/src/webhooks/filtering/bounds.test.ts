import { celEnv, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import * as fc from 'fast-check';
import { anyEvent, anyFilter } from './__testUtils__/anyFilter';
import { anyLoops, loopPayload } from './__testUtils__/anyLoops';
import { budget, maxWork } from './Budget';
import { compileFilter } from './compileFilter';
import { FilterSubject } from './FilterSubject';

const count = (size: number) => Array.from({ length: size }, (_, i) => i);
const repeat = (times: number, text: string) => text.repeat(times);

const payload = {
  ...loopPayload,
  list: count(1_000),
  map: Object.fromEntries(count(1_000).map(i => [`k${i}`, i])),
  text: repeat(10_000, 'a'),
  long: repeat(1_000_000, 'a'),
  digits: repeat(200_000, '9'),
  objects: count(2_000).map(i => ({ name: `n${i}`, ids: [i, i] })),
};

function match(expression: string) {
  const compiled = compileFilter(expression);
  if ('problem' in compiled) {
    throw new Error(`${expression}: ${compiled.problem}`);
  }
  const event = { id: '1', topic: 'a', key: undefined, payload, metadata: {} };
  return compiled.filter.match(
    new FilterSubject({ ...event, entity: undefined }),
  );
}

/** A body within macros, each of which goes through the same range. */
const nest = (range: string, depth: number, body: string) =>
  count(depth).reduce(
    (inner, level) => `${range}.all(v${level}, ${inner})`,
    body,
  );

const tens = `[${count(10).join(', ')}]`;

describe('a filter that wants too much', () => {
  it.each([
    ['literal lists within each other', nest(tens, 7, 'true')],
    ['maps within each other', nest('payload.map', 2, 'true')],
    ['lists of the event within each other', nest('payload.list', 2, 'true')],
    ['texts that are split', nest(`payload.text.split('')`, 2, 'true')],
    ['lists that a macro makes', nest('payload.list.map(x, x)', 2, 'true')],
    [
      'lists that are joined',
      `(payload.list + payload.list)${repeat(40, '.map(x, x)')} == []`,
    ],
    [
      'a text that grows by replacing',
      `payload.text${repeat(20, '.replace("a", "aaaaaaaaaa")')} == ''`,
    ],
    [
      'a text that grows by joining',
      `payload.text.split('').join(payload.text) == ''`,
    ],
    [
      'a text that grows by adding',
      `['a']${repeat(12, '.map(y, y + y + y + y + y + y)')} == []`,
    ],
    [
      'lists that have others many times',
      `[1]${repeat(20, '.map(y, [y, y])')} == [2]${repeat(
        20,
        '.map(y, [y, y])',
      )}`,
    ],
    [
      'a search for something as long',
      `payload.text.lastIndexOf(payload.text + 'b') == 1`,
    ],
    [
      'the same search again and again',
      `payload.list.all(x, !payload.long.contains('ab'))`,
    ],
    [
      'comparing values again and again',
      `payload.list.all(x, payload.objects == payload.objects)`,
    ],
    [
      'looking through a list again and again',
      `payload.list.all(x, !('x' in payload.list))`,
    ],
    [
      'asking a map for a number, which makes it go through its keys',
      nest('payload.list', 2, 'payload.map[1] == 1'),
    ],
    ['errors', nest('payload.list', 3, 'v0.nothing == 1')],
    [
      'a pattern that takes long',
      `payload.text.matches('(a|b)*a(a|b){12}[c]$')`,
    ],
    [
      'a pattern that is long',
      `payload.text.matches('${repeat(10, 'a{1000}')}')`,
    ],
    [
      'a pattern of large classes',
      `payload.text.matches('${repeat(200, '\\\\pL')}')`,
    ],
    [
      'a pattern that repeats what is repeated',
      `payload.text.matches('(${repeat(20, 'ab')}){30}\\\\Q\\\\E{33}')`,
    ],
    ['a number of many digits', `int(payload.digits) == 1`],
    [
      'times in a zone',
      `payload.list.all(x, timestamp('2026-11-26T00:00:00Z').getHours('Europe/Berlin') == 1)`,
    ],
  ])('ends: %s', (_, expression) => {
    for (const text of [
      expression,
      `!(${expression})`,
      `${expression} || true`,
    ]) {
      expect(match(text)).toEqual({
        matches: false,
        failed: true,
        reason: 'The filter looks at more of the event than it may',
      });
      expect(budget.spent).toBeLessThanOrEqual(maxWork);
    }
  });

  it('leaves the next one its whole budget', () => {
    match(nest(tens, 7, 'true'));
    expect(match(`payload.list.all(x, x >= 0.0)`)).toEqual({ matches: true });
    expect(budget.spent).toBeLessThan(maxWork / 10);
  });

  it('has paid for each turn of its macros, or is ended', () => {
    let ended = 0;
    fc.assert(
      fc.property(anyLoops, ({ expression, turns }) => {
        const result = match(expression);
        expect(budget.spent).toBeLessThanOrEqual(maxWork);
        if (budget.isExhausted) {
          ended += 1;
          expect(result).toMatchObject({ matches: false, failed: true });
        } else {
          expect(result).toEqual({ matches: true });
          expect(budget.spent).toBeGreaterThanOrEqual(turns);
        }
      }),
      { numRuns: 150 },
    );
    // Some of them are meant to be too much, or the rule above would look at one half only.
    expect(ended).toBeGreaterThan(0);
  });
});

describe('a filter that wants little', () => {
  const plain = celEnv({ funcs: strings });

  it('gives what CEL gives', () => {
    fc.assert(
      fc.property(anyFilter, anyEvent, (expression, event) => {
        const compiled = compileFilter(expression);
        const subject = new FilterSubject(event);
        const { bindings } = subject;
        expect('filter' in compiled && compiled.filter.match(subject)).toEqual(
          plan(plain, parse(expression))(bindings) === true
            ? { matches: true }
            : expect.objectContaining({ matches: false }),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    `[1, 2, 3].map(x, x * 2) == [2, 4, 6]`,
    `[1, 2, 3].filter(x, x > 1) == [2, 3]`,
    `[1, 2, 3].map(x, x > 1, x * 2) == [4, 6]`,
    `[1, 2].map(x, [3, 4].map(y, [x, y])) == [[[1, 3], [1, 4]], [[2, 3], [2, 4]]]`,
    `[1, 2].map(x, x) + [1, 2].map(x, x) == [1, 2, 1, 2]`,
    `[[]].map(x, x + [1]).map(x, x + [2]) == [[1, 2]]`,
    `[1, 2, 1].exists_one(x, x == 2)`,
    `{'a': 1, 'b': 2}.filter(k, k == 'b') == ['b']`,
    `[[1]].map(x, x)[0][0] == 1`,
    `!(1 in payload.map) && 'k1' in payload.map && payload.map['k1'] == 1`,
    `'a-b-c'.split('-').join('+') == 'a+b+c'`,
    `'a-b-c'.replace('-', '') == 'abc' && 'aaa'.replace('aa', 'b') == 'ba'`,
    `'a-b-c'.replace('-', '+', 1) == 'a+b-c' && 'a-b'.replace('-', '+', 0) == 'a-b'`,
    `'a-b-c'.replace('-', '--', -1) == 'a--b--c'`,
    `'Ab'.lowerAscii() == 'ab' && ' a '.trim() == 'a' && 'abc'.indexOf('c') == 2`,
    `timestamp('2026-11-26T10:00:00Z') + duration('1h') == timestamp('2026-11-26T11:00:00Z')`,
    `'docs/a.md'.matches('^docs/.*[.]md$') && 'ABC'.matches('(?i)b')`,
    `payload.list.filter(x, x >= 990.0).size() == 10`,
    `payload.list.map(x, x)[999] == 999`,
  ])('as in CEL: %s', expression => {
    expect(match(expression)).toEqual({ matches: true });
  });

  it.each([
    [`'%s'.format([1]) == '1'`, 'unbound function: format'],
    [`'a'.replace('', 'b') == ''`, 'replace needs a text to look for'],
    [`'a'.matches('(?i)\\\\pL')`, 'a pattern that ignores case must be ASCII'],
  ])('but not: %s', (expression, reason) => {
    expect(match(expression)).toEqual({
      matches: false,
      failed: true,
      reason: expect.stringContaining(reason),
    });
  });

  it('is told why it fails in few words', () => {
    expect(match(`bool(payload.list.map(x, 'aaaaa').join())`)).toEqual({
      matches: false,
      failed: true,
      reason: expect.stringMatching(/^The filter failed: .{400,490}$/),
    });
  });

  it('keeps the traces of the errors of others', () => {
    match(`payload.nothing`);
    expect(new Error('a').stack).toContain(__filename);
  });
});
