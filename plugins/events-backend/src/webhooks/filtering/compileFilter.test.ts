import examples from '@octokit/webhooks-examples';
import * as fc from 'fast-check';
import { compileFilter, type FilterResult } from './compileFilter';
import { FilterSubject, type FilteredEvent } from './FilterSubject';

const pushes = examples.find(({ name }) => name === 'push')?.examples ?? [];

const entity = {
  ref: 'component:default/my-service',
  kind: 'Component',
  namespace: 'default',
  name: 'my-service',
  owner: 'group:default/payments',
  owners: ['group:default/payments'],
  tags: ['java'],
  labels: {},
  annotations: { 'example.com/tier': 'gold' },
};

function match(
  expression: string,
  event: Partial<FilteredEvent> = {},
): FilterResult {
  const compiled = compileFilter(expression);
  if ('problem' in compiled) {
    throw new Error(compiled.problem);
  }
  return compiled.filter.match(
    new FilterSubject({
      id: '1',
      topic: 'github.push',
      key: undefined,
      payload: pushes[0],
      metadata: {},
      entity: undefined,
      ...event,
    }),
  );
}

const matches = (...args: Parameters<typeof match>) => match(...args).matches;

describe('a filter', () => {
  it.each([
    `payload.ref == 'refs/tags/simple-tag' && topic.startsWith('github.')`,
    `payload.repository.owner.login == 'Codertocat' && !payload.repository.private`,
    `payload.repository.stargazers_count < 1 || payload.forced`,
    `payload.sender.id in [21031067, 1]`,
    `payload.commits.size() == 0`,
    `!has(payload.installation)`,
    `payload.compare.matches('^https://github[.]com/')`,
    `payload.repository.name.lowerAscii() == 'hello-world'`,
  ])('looks into a real push: %s', expression => {
    expect(match(expression)).toEqual({ matches: true });
  });

  it('looks into nested lists', () => {
    const payload = {
      commits: [{ modified: [] }, { modified: ['src/a', 'docs/b'] }],
    };
    const touches = (folder: string) =>
      matches(
        `payload.commits.exists(c, c.modified.exists(f, f.startsWith('${folder}/')))`,
        { payload },
      );
    expect(touches('docs')).toBe(true);
    expect(touches('test')).toBe(false);
  });

  it.each([
    `entity.kind == 'Component' && entity.owner == 'group:default/payments'`,
    `'java' in entity.tags`,
    `entity.annotations['example.com/tier'] == 'gold'`,
    `has(entity.owner) && !has(entity.system)`,
  ])('knows the entity that the event is about: %s', expression => {
    expect(matches(expression, { entity })).toBe(true);
    expect(matches(expression)).toBe(false);
  });

  it.each([
    `payload.nothing == 1`,
    `payload.nothing != 1`,
    `!(payload.nothing == 1)`,
    `payload.repository.nothing.deeper == ''`,
    `key == ''`,
    `metadata['x-github-event'] == 'push'`,
    `entity.system == 'system:default/a'`,
    `payload.commits[0].id == ''`,
  ])('never matches what is missing, and says so: %s', expression => {
    expect(match(expression)).toEqual({
      matches: false,
      failed: true,
      reason: expect.stringMatching(/^The filter failed: /),
    });
  });

  it.each([
    [`payload.ref`, 'gives neither true nor false'],
    [`payload.ref < 1`, 'The filter failed: '],
    [`payload.ref.matches('(')`, 'The filter failed: '],
    [`payload.ref.nonsense()`, 'The filter failed: '],
  ])('that fails does not match: %s', (expression, reason) => {
    expect(match(expression)).toEqual({
      matches: false,
      failed: true,
      reason: expect.stringContaining(reason),
    });
  });

  it('ends, however much an event has and a filter wants', () => {
    const payload = { items: Array.from({ length: 20_000 }, (_, i) => i) };
    const nested = `payload.items.exists(a, payload.items.exists(b, payload.items.exists(c, a + b + c < 0.0)))`;
    for (const expression of [nested, `!${nested}`, `${nested} || true`]) {
      expect(match(expression, { payload })).toEqual({
        matches: false,
        failed: true,
        reason: 'The filter looks at more of the event than it may',
      });
    }
    // Each filter has a budget of its own.
    expect(matches(`payload.items.exists(a, a == 19999)`, { payload })).toBe(
      true,
    );
    // Patterns take linear time.
    expect(
      matches(`payload.matches('^(a+)+$')`, {
        payload: `${'a'.repeat(5_000)}b`,
      }),
    ).toBe(false);
  });

  it('tells equal from different for whatever JSON there is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(
          matches(`payload.value == payload.value`, { payload: { value } }),
        ).toBe(true);
      }),
    );
  });
});

describe('an expression', () => {
  it.each([
    ['payload.a ==', 'is no expression of CEL'],
    ['', 'is no expression of CEL'],
    [`event.topic == 'a'`, `uses 'event'; there are id, topic, key, payload`],
    [`payload.exists(x, y == 1)`, `uses 'y'`],
    [`'${'a'.repeat(5_000)}' == topic`, 'at most 4096 characters'],
    [
      Array.from({ length: 300 }, () => 'key == id').join(' || '),
      'more than 500',
    ],
    [
      `${'[1].all(x, '.repeat(11)}true${')'.repeat(11)}`,
      'has 11 macros within each other, which is more than 10',
    ],
    [
      `payload == google.protobuf.Struct{}`,
      'makes google.protobuf.Struct; write a map',
    ],
  ])('that cannot be a filter is refused: %.30s', (expression, problem) => {
    expect(compileFilter(expression)).toEqual({
      problem: expect.stringContaining(problem),
    });
  });
});
