import { WaitingTopics } from './WaitingTopics';

describe('topics that wait', () => {
  it('gather until they are taken', () => {
    const waiting = new WaitingTopics();
    expect(waiting.empty).toBe(true);
    waiting.add(new Set(['a', 'b']));
    waiting.add(new Set(['b', 'c']));
    expect(waiting.empty).toBe(false);
    expect(waiting.take()).toEqual(new Set(['a', 'b', 'c']));
    expect(waiting.empty).toBe(true);
    waiting.add(new Set(['d']));
    expect(waiting.take()).toEqual(new Set(['d']));
  });

  it('become any topic when they are many, so that they take no memory', () => {
    const waiting = new WaitingTopics();
    for (let index = 0; index < 3_000; index += 1) {
      waiting.add(new Set([`t${index}`]));
    }
    expect(waiting.empty).toBe(false);
    expect(waiting.take()).toBe('any');
    expect(waiting.empty).toBe(true);
    waiting.add(new Set(['a']));
    expect(waiting.take()).toEqual(new Set(['a']));
  });
});
