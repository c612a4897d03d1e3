import fc from 'fast-check';
import { isSameWish, wants, type WantedTopic } from './subscriptionRow';

const topic: fc.Arbitrary<WantedTopic> = fc.record({
  topic: fc.constantFrom('a', 'b'),
  from: fc.nat(9),
  to: fc.option(fc.nat(9), { nil: undefined }),
});

describe('wants', () => {
  it('begins behind the first position and ends with the last', () => {
    const topics = [{ topic: 'a', from: 2, to: 4 }];
    const wanted = [1, 2, 3, 4, 5].filter(position =>
      wants(topics, { topic: 'a', position }),
    );
    expect(wanted).toEqual([3, 4]);
  });

  it('has no end while the topic is wanted', () => {
    const topics = [{ topic: 'a', from: 0, to: undefined }];
    expect(wants(topics, { topic: 'a', position: 1e12 })).toBe(true);
    expect(wants(topics, { topic: 'b', position: 1 })).toBe(false);
  });
});

describe('isSameWish', () => {
  it('does not mind the order', () => {
    fc.assert(
      fc.property(fc.array(topic), topics => {
        expect(isSameWish(topics, [...topics].reverse())).toBe(true);
      }),
    );
  });

  it('says the same only of topics that want the same events', () => {
    fc.assert(
      fc.property(fc.array(topic), fc.array(topic), (some, others) => {
        fc.pre(isSameWish(some, others));
        for (let position = 0; position < 12; position += 1) {
          for (const name of ['a', 'b']) {
            const event = { topic: name, position };
            expect(wants(some, event)).toBe(wants(others, event));
          }
        }
      }),
      { numRuns: 30, maxSkipsPerRun: 10_000 },
    );
  });
});
