import { fitsQuery } from './fitsQuery';

const settings = {
  owner: 'group:default/Platform',
  topics: ['github.*', 'catalog'],
  labels: { team: 'a', 'cost-center': 'x:1', constructor: '' },
};

describe('a list of endpoints', () => {
  it.each<[string, string[], boolean]>([
    ['a key, for any value', ['team'], true],
    ['a key with its value', ['team:a'], true],
    ['a value with colons', ['cost-center:x:1'], true],
    ['an empty value', ['constructor:'], true],
    ['several, each of which must fit', ['team:a', 'cost-center:y'], false],
    ['another value', ['team:b'], false],
    ['a key that no endpoint has, but every object', ['toString'], false],
  ])('is filtered by label: %s', (_, label, expected) => {
    expect(fitsQuery(settings, { label })).toBe(expected);
  });

  it('is filtered by owner, in any case', () => {
    const fits = (owner: string) => fitsQuery(settings, { owner });
    expect(fits('Group:default/platform')).toBe(true);
    expect(fits('group:default/other')).toBe(false);
  });

  it('is filtered by topic as endpoints choose: by pattern', () => {
    expect(fitsQuery(settings, { topic: 'github.push' })).toBe(true);
    expect(fitsQuery(settings, { topic: 'catalog' })).toBe(true);
    expect(fitsQuery(settings, { topic: 'github' })).toBe(false);
  });

  it('is not filtered by what is not asked for', () => {
    expect(fitsQuery(settings, {})).toBe(true);
  });
});
