import * as fc from 'fast-check';
import { anyEvent, anyFilter } from './__testUtils__/anyFilter';
import { compileFilter } from './compileFilter';
import { FilterSubject, type FilteredEvent } from './FilterSubject';
import { readEventPath } from './readEventPath';

function compile(expression: string) {
  const compiled = compileFilter(expression);
  if ('problem' in compiled) {
    throw new Error(`${expression}: ${compiled.problem}`);
  }
  return compiled.filter;
}

const requirementsOf = (expression: string) =>
  compile(expression).requirements.map(
    ({ path, values }) => `${path.join('.')}: ${values.join(', ')}`,
  );

describe('what a filter requires', () => {
  it.each([
    [`payload.a.b == 'x'`, ['payload.a.b: x']],
    [`'x' == payload['a'].b`, ['payload.a.b: x']],
    [`payload["a b"]['c'] == r'\\d'`, ['payload.a b.c: \\d']],
    [`key in ['a', 'b']`, ['key: a, b']],
    [`key in []`, ['key: ']],
    [
      `payload.n > 3 && topic == 'a' && (entity.owner == 'b' && metadata.m == 'c')`,
      ['topic: a', 'entity.owner: b', 'metadata.m: c'],
    ],
    [`key == 'a' || key == 'b' || key in ['c']`, ['key: a, b, c']],
    [
      `(key == 'a' && topic == 'b') || (payload.n > 3 && key == 'c')`,
      ['key: a, c'],
    ],
  ])('is read from it: %s', (expression, requirements) => {
    expect(requirementsOf(expression)).toEqual(requirements);
  });

  it.each([
    `payload.a != 'x'`,
    `!(payload.a == 'x')`,
    `key == 'a' || topic == 'b'`,
    `key == 'a' || payload.n > 3`,
    `payload.a == 1`,
    `key in ['a', 1]`,
    `key in payload.keys`,
    `'x' in payload.list`,
    `payload.list[0] == 'x'`,
    `payload[key] == 'x'`,
    `payload.a.lowerAscii() == 'x'`,
    `has(payload.a) == 'x'`,
    `payload.list.exists(key, key == 'x')`,
    `key == 'a' ? true : true`,
    `'a' == 'a'`,
    `key == topic`,
  ])('is nothing where it may be true by other ways: %s', expression => {
    expect(requirementsOf(expression)).toEqual([]);
  });

  it('holds for every event that matches', () => {
    let held = 0;
    fc.assert(
      fc.property(anyFilter, anyEvent, (expression, event) => {
        const filter = compile(expression);
        if (!filter.match(new FilterSubject(event)).matches) {
          return;
        }
        for (const { path, values } of filter.requirements) {
          held += 1;
          expect(values).toContain(readEventPath(event, path));
        }
      }),
      { numRuns: 3_000 },
    );
    expect(held).toBeGreaterThan(20);
  });

  it('is required by each part of a conjunction, which is true only if all are, in any order', () => {
    const matches = (expression: string, event: FilteredEvent) =>
      compile(expression).match(new FilterSubject(event)).matches;
    fc.assert(
      fc.property(anyFilter, anyFilter, anyEvent, (a, b, event) => {
        const both = matches(a, event) && matches(b, event);
        expect(matches(`${a} && ${b}`, event)).toBe(both);
        expect(matches(`${b} && ${a}`, event)).toBe(both);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a path', () => {
  const read = (...fields: string[]) =>
    readEventPath(
      {
        id: '1',
        topic: 'a',
        key: undefined,
        payload: { list: ['x'], text: 'x', deep: { text: 'y' }, n: 1 },
        metadata: {},
        entity: undefined,
      },
      ['payload', ...fields],
    );

  it('leads to a text', () => {
    expect(read('text')).toBe('x');
    expect(read('deep', 'text')).toBe('y');
  });

  it.each([
    [[]],
    [['n']],
    [['nothing']],
    [['list']],
    [['list', '0']],
    [['list', 'length']],
    [['text', '0']],
    [['text', 'n']],
    [['deep', 'constructor', 'name']],
  ])('leads nowhere else: %j', fields => {
    expect(read(...fields)).toBeUndefined();
  });
});

describe('a subject', () => {
  it('reads of an event what filters ask for, and once', () => {
    const reads: string[] = [];
    const subject = new FilterSubject({
      id: '1',
      topic: 'a',
      key: 'k',
      get payload() {
        reads.push('payload');
        return { a: 'x' };
      },
      get metadata() {
        reads.push('metadata');
        return { m: 'y' };
      },
      entity: undefined,
    });
    const match = (expression: string) =>
      compile(expression).match(subject).matches;
    expect(match(`topic == 'a' && key == 'k'`)).toBe(true);
    expect(match(`key == 'other' && payload.a == 'x'`)).toBe(false);
    expect(reads).toEqual([]);
    expect(match(`payload.a == 'x' && payload.a != 'y'`)).toBe(true);
    expect(match(`payload.a == 'x' && metadata.m == 'y'`)).toBe(true);
    expect(reads).toEqual(['payload', 'metadata']);
  });

  it.each([
    [`has(payload.entity)`, ['payload']],
    [`payload.list.exists(entity, entity.a == 'x')`, ['payload']],
    [`key == 'a' || entity.owner == topic`, ['topic', 'key', 'entity']],
  ])('a filter names the variables that it asks for: %s', (text, names) => {
    expect([...compile(text).variables]).toEqual(names);
  });
});
