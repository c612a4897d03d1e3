import { z } from 'zod';
import type { SubscribeOptions } from '../SubscribeOptions';
import { defineTopic } from '../Topic';
import { joinTerms, readSubscribeOptions } from './readSubscribeOptions';

const onEvent = async () => {};
const minimal = { id: 's', topics: ['t'], onEvent };
const silent = {
  concurrency: undefined,
  maxBatchEvents: undefined,
  retry: undefined,
  start: undefined,
};

describe('reading what a handler subscribes with', () => {
  it('takes what the stock service takes', () => {
    const { handler, terms } = readSubscribeOptions(minimal);
    expect(handler.topics).toEqual(['t']);
    expect(handler.handle.kind).toBe('event');
    expect(terms).toEqual(silent);
  });

  it('translates what is said of the subscription', () => {
    const { terms } = readSubscribeOptions({
      ...minimal,
      concurrency: 3,
      retry: { maxAttempts: 5, initialDelay: { seconds: 2 } },
      startAt: new Date(1_000),
    });
    expect(terms).toEqual({
      ...silent,
      concurrency: 3,
      retry: { maxAttempts: 5, initialDelayMs: 2_000, maxDelayMs: undefined },
      start: { timeMs: 1_000 },
    });
  });

  it.each<[string, Partial<SubscribeOptions>, string]>([
    ['an empty id', { id: '' }, 'id of 1 to 512 bytes'],
    ['a long id', { id: 'ü'.repeat(257) }, 'id of 1 to 512 bytes'],
    ['an id with a zero character', { id: 'a\0' }, 'zero character'],
    ['an empty topic', { topics: [''] }, 'not a text of 1 to 255 characters'],
    ['a long topic', { topics: ['t'.repeat(256)] }, 'of 1 to 255 characters'],
    ['a topic with a zero character', { topics: ['\0'] }, 'zero character'],
    [
      'too many topics',
      { topics: Array.from({ length: 201 }, (_, index) => `t${index}`) },
      'more than 200 topics',
    ],
    ['no concurrency', { concurrency: 0 }, 'concurrency'],
    ['half a concurrency', { concurrency: 1.5 }, 'concurrency'],
    ['endless attempts', { retry: { maxAttempts: Infinity } }, 'maxAttempts'],
    [
      'a pause that is no number',
      { retry: { initialDelay: { seconds: NaN } } },
      'retry.initialDelay',
    ],
    [
      'a pause longer than anything is kept',
      { retry: { maxDelay: { days: 31 } } },
      'retry.maxDelay',
    ],
    ['a date that is none', { startAt: new Date('soon') }, 'startAt'],
  ])('refuses %s', (_, fields, message) => {
    const options = { ...minimal, ...fields } as SubscribeOptions;
    expect(() => readSubscribeOptions(options)).toThrow(message);
  });

  it.each([
    ['no handler', { id: 's', topics: ['t'] }],
    ['two handlers', { ...minimal, onBatch: async () => {} }],
    ['a handler that is no function', { ...minimal, onEvent: 'log' }],
    ['an unknown start', { ...minimal, startAt: 'start' }],
    ['too large a batch', { ...minimal, maxBatchEvents: 201 }],
  ])(
    'refuses %s, from callers that the compiler does not check',
    (_, options) => {
      expect(() =>
        readSubscribeOptions(options as unknown as SubscribeOptions),
      ).toThrow("Subscription 's' needs");
    },
  );

  it('gives a payload the type of its topic', () => {
    const trimmed = defineTopic(
      'typed',
      z.string().transform(text => text.trim()),
    );
    const { handler } = readSubscribeOptions<string>({
      ...minimal,
      topics: [trimmed, 'typed', 'untyped'],
    });
    expect(handler.topics).toEqual(['typed', 'untyped']);
    expect(handler.read({ topic: 'typed', eventPayload: ' a ' })).toEqual({
      topic: 'typed',
      eventPayload: 'a',
    });
    expect(handler.read({ topic: 'untyped', eventPayload: 1 })).toEqual({
      topic: 'untyped',
      eventPayload: 1,
    });
    expect(() => handler.read({ topic: 'typed', eventPayload: 1 })).toThrow(
      "does not fit topic 'typed'",
    );
  });
});

describe('a handler with several types of one topic', () => {
  const kinds = ['a', 'b'].map(kind => ({
    ...defineTopic('typed', z.object({ kind: z.string() })),
    concerns: (payload: unknown) => Object(payload).kind === kind,
    parse: () => ({ kind: `${kind}!` }),
  }));
  const { handler } = readSubscribeOptions<{ kind: string }>({
    ...minimal,
    topics: kinds,
  });
  const event = (kind: string) => ({ topic: 'typed', eventPayload: { kind } });

  it('is given an event as the type that it concerns', () => {
    expect(handler.topics).toEqual(['typed']);
    expect(handler.read(event('b')).eventPayload).toEqual({ kind: 'b!' });
  });

  it('does not want what concerns none of them, unless it names the topic as well', () => {
    expect(handler.wants(event('a'))).toBe(true);
    expect(handler.wants(event('c'))).toBe(false);
    const both = readSubscribeOptions<{ kind: string }>({
      ...minimal,
      topics: ['typed', ...kinds],
    });
    expect(both.handler.wants(event('c'))).toBe(true);
    expect(both.handler.read(event('c'))).toEqual(event('c'));
    expect(both.handler.read(event('a')).eventPayload).toEqual({ kind: 'a!' });
  });
});

describe('joining what handlers of one subscription say', () => {
  it('takes what only one of them says', () => {
    const retry = {
      maxAttempts: 2,
      initialDelayMs: undefined,
      maxDelayMs: undefined,
    };
    expect(
      joinTerms('s', { ...silent, concurrency: 3 }, { ...silent, retry }),
    ).toEqual({ ...silent, concurrency: 3, retry });
  });

  it('lets them say the same', () => {
    const terms = { ...silent, start: { timeMs: 1 } };
    expect(joinTerms('s', terms, { ...terms })).toEqual(terms);
  });

  it.each([
    ['concurrency', { concurrency: 1 }, { concurrency: 2 }],
    ['startAt', { start: 'end' as const }, { start: 'beginning' as const }],
    ['retry', { retry: { maxAttempts: 1 } }, { retry: { maxAttempts: 2 } }],
  ])('refuses that they contradict each other about %s', (name, one, other) => {
    expect(() =>
      joinTerms('s', { ...silent, ...one }, { ...silent, ...other }),
    ).toThrow(`contradict each other about ${name}`);
  });
});
