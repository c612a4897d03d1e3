import { wants } from './subscriptionRow';

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
