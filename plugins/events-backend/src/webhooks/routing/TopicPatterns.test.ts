import * as fc from 'fast-check';
import { findPatternProblem, fitsPattern } from '../../model/topicPattern';
import { TopicPatterns } from './TopicPatterns';

/** Of few words, so that they often fit; a topic may be called as a pattern is. */
const anyName = fc
  .array(fc.constantFrom('a', 'b', '*', '**', ''), {
    minLength: 1,
    maxLength: 4,
  })
  .map(segments => segments.join('.'));
const anyPattern = anyName.filter(
  pattern => findPatternProblem(pattern) === undefined,
);

const anyChange = fc.record({
  pattern: anyPattern,
  isRemoved: fc.constantFrom(false, false, true),
});

describe('patterns of topics', () => {
  it('are found by the topics that fit them, however many came and went', () => {
    fc.assert(
      fc.property(fc.array(anyChange), anyName, (changes, topic) => {
        const patterns = new TopicPatterns<string>();
        const there = new Set<string>();
        for (const { pattern, isRemoved } of changes) {
          if (isRemoved) {
            patterns.delete(pattern);
            there.delete(pattern);
          } else {
            patterns.set(pattern, pattern);
            there.add(pattern);
          }
        }
        expect(patterns.find(topic).sort()).toEqual(
          [...there].filter(pattern => fitsPattern(topic, pattern)).sort(),
        );
        for (const { pattern } of changes) {
          expect(patterns.get(pattern)).toBe(
            there.has(pattern) ? pattern : undefined,
          );
        }
      }),
    );
  });
});
