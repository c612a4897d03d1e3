import * as fc from 'fast-check';
import { findPatternProblem, fitsPattern, isWildcard } from './topicPattern';

const segment = fc.stringMatching(/^[a-z_-]{1,8}$/);
const topic = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .map(segments => segments.join('.'));

describe('a pattern of topics', () => {
  it.each([
    ['github.push', 'github.push', true],
    ['github.push', 'github', false],
    ['github', 'github.*', false],
    ['github.push', 'github.*', true],
    ['github.push.forced', 'github.*', false],
    ['github.push.forced', 'github.**', true],
    ['github', 'github.**', false],
    ['a.b.c', 'a.*.c', true],
    ['a.b.d', 'a.*.c', false],
    ['catalog', '*', true],
    ['a.b', '**', true],
    ['githubXpush', 'github.push', false],
  ])('%s fits %s: %s', (name, pattern, fits) => {
    expect(fitsPattern(name, pattern)).toBe(fits);
  });

  it('without a wildcard fits itself alone', () => {
    fc.assert(
      fc.property(topic, topic, (one, other) => {
        expect(isWildcard(one)).toBe(false);
        expect(fitsPattern(other, one)).toBe(one === other);
      }),
    );
  });

  it('fits a topic when any of its segments is replaced by a wildcard', () => {
    fc.assert(
      fc.property(topic, fc.nat(), (name, choice) => {
        const segments = name.split('.');
        segments[choice % segments.length] = '*';
        expect(fitsPattern(name, segments.join('.'))).toBe(true);
        expect(fitsPattern(name, '**')).toBe(true);
      }),
    );
  });

  it.each([
    ['github.', 'empty segment'],
    ['', 'empty segment'],
    ['git*', 'within a segment'],
    ['a.***', 'within a segment'],
    ['**.push', 'before its end'],
  ])('is refused as %s', (pattern, problem) => {
    expect(findPatternProblem(pattern)).toContain(problem);
  });

  it('is taken otherwise', () => {
    expect(
      ['a', 'a.*', '*.b', 'a.**', '*', '**'].map(findPatternProblem),
    ).toEqual(Array(6).fill(undefined));
  });
});
