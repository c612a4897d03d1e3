import { makeSettings } from '../endpoints/__testUtils__/endpointPools';
import { toTopicViews } from './toTopicViews';

const wanted = (...topics: string[]) =>
  topics.map(topic => ({ topic, from: 0, to: undefined }));

describe('the list of topics', () => {
  it('has each topic of the log, of an ingress or of a subscription once, by name', () => {
    const views = toTopicViews({
      inLog: [{ topic: 'b', lastPosition: 7, lastTimeMs: 1_000 }],
      subscriptions: [
        { id: 's', topics: wanted('c', 'b') },
        { id: 'gone', topics: [{ topic: 'd', from: 0, to: 3 }] },
      ],
      endpoints: [],
      ingresses: ['a', 'b'],
    });
    expect(views).toEqual([
      {
        topic: 'a',
        ingress: true,
        lastPosition: null,
        lastTime: null,
        subscriptions: [],
      },
      {
        topic: 'b',
        ingress: true,
        lastPosition: 7,
        lastTime: '1970-01-01T00:00:01.000Z',
        subscriptions: ['s'],
      },
      {
        topic: 'c',
        ingress: false,
        lastPosition: null,
        lastTime: null,
        subscriptions: ['s'],
      },
    ]);
  });

  it('shows an endpoint with a pattern at the topics that fit, and the pattern as no topic', () => {
    const views = toTopicViews({
      inLog: ['catalog', 'github.push'].map(topic => ({
        topic,
        lastPosition: 1,
        lastTimeMs: 0,
      })),
      subscriptions: [{ id: 'webhook:e', topics: wanted('') }],
      endpoints: [
        { id: 'e', settings: makeSettings({ topics: ['github.*'] }) },
      ],
      ingresses: [],
    });
    expect(
      views.map(({ topic, subscriptions }) => [topic, subscriptions]),
    ).toEqual([
      ['catalog', []],
      ['github.push', ['webhook:e']],
    ]);
  });
});
