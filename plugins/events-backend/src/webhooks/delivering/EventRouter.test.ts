import { mockServices } from '@backstage/backend-test-utils';
import {
  endpointSettingsSchema,
  type EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import { makeEvent } from '../../__testUtils__/makeEvent';
import { InProcessNotifier } from '../../notifiers';
import { CatalogAwayError, type EntityLookup } from '../entities';
import { EventRouter } from './EventRouter';
import type { Match } from './Outlook';

const settings = (
  more: Partial<EndpointSettings> & { topics: string[] },
): EndpointSettings =>
  endpointSettingsSchema.parse({
    url: 'https://receiver.example',
    owner: 'group:default/testers',
    ...more,
  });

const aboutComponents = { kind: ['Component'] };
const ref = 'component:default/a';
const entity = {
  ref,
  kind: 'Component',
  namespace: 'default',
  name: 'a',
  owners: [],
  tags: [],
  labels: {},
  annotations: {},
};

/** A log of a few events, with everything that a router needs. */
function createRouter(lookup: EntityLookup, ...topics: string[]) {
  const events = topics.map(
    (topic, index): LogEvent => ({
      ...makeEvent(topic, { key: ref }),
      position: index + 1,
      timeMs: 0,
    }),
  );
  const router = new EventRouter({
    log: {
      tail: async () => events.length,
      readAfter: async position => ({
        events: events.filter(event => event.position > position),
        upTo: events.length,
        tail: events.length,
        head: 0,
      }),
    },
    notifier: new InProcessNotifier(),
    lookup,
    options: {
      page: { events: 100, bytes: 1_000_000 },
      pollIntervalMs: 60_000,
      errorDelayMs: 1,
      recent: { events: 10, bytes: 1_000_000 },
    },
    logger: mockServices.logger.mock(),
  });
  const add = (wanted: EndpointSettings) => {
    const told: (number | 'doubt')[] = [];
    const route = router.add(wanted, {
      onMatch: ({ position }: Match) => told.push(position),
      onDoubt: () => told.push('doubt'),
    });
    return { told, route };
  };
  return { router, add, events };
}

const known: EntityLookup = async refs =>
  new Map(refs.map(one => [one, entity]));

describe('EventRouter', () => {
  it('tells each endpoint of what it wants, and nobody else', async () => {
    const { router, add } = createRouter(known, 'a', 'b', 'a');
    const first = add(settings({ topics: ['a'] }));
    const second = add(settings({ topics: ['b'], entity: aboutComponents }));
    await router.runOnce();
    expect(first.told).toEqual([1, 3]);
    expect(second.told).toEqual([2]);
    expect(router.position).toBe(3);
  });

  it('lets an endpoint that was added while a page was under way look for itself', async () => {
    let answer = () => {};
    const asked = new Promise<void>(resolve => {
      answer = resolve;
    });
    const { router, add } = createRouter(
      async refs => {
        await asked;
        return known(refs);
      },
      'a',
      'a',
    );
    add(settings({ topics: ['a'], entity: aboutComponents }));
    const page = router.runOnce();
    const late = add(settings({ topics: ['a'] }));
    answer();
    await page;
    expect(late.told).toContain('doubt');
    expect(late.told.at(-1)).toBe('doubt');
  });

  it('lets an endpoint that was added while there was none look for itself', async () => {
    const { router, add } = createRouter(known, 'a');
    const page = router.runOnce();
    const late = add(settings({ topics: ['a'] }));
    await page;
    expect(late.told).toEqual(['doubt']);
  });

  it('goes on for those who ask for no entity while the catalog is away, and asks it no more for a while', async () => {
    const lookup = jest.fn(async () => {
      throw new CatalogAwayError(new Error('away'));
    });
    const { router, add } = createRouter(lookup, 'a');
    const asking = add(settings({ topics: ['a'], entity: aboutComponents }));
    const other = add(settings({ topics: ['a'] }));
    const elsewhere = add(settings({ topics: ['b'], entity: aboutComponents }));
    await router.runOnce();
    expect(asking.told).toEqual(['doubt']);
    expect(other.told).toEqual([1]);
    expect(elsewhere.told).toEqual([]);
    await router.runOnce();
    expect(lookup).toHaveBeenCalledTimes(1);
  });

  it('leaves a route where it was removed', async () => {
    const { router, add } = createRouter(known, 'a');
    const { told, route } = add(settings({ topics: ['a'] }));
    add(settings({ topics: ['a'] }));
    route.remove();
    await router.runOnce();
    expect(told).toEqual([]);
    expect(route.position).toBe(0);
    expect(router.position).toBe(1);
  });

  it('asks the catalog each time, since it may know an entity by now', async () => {
    const entities = new Map<string, typeof entity>();
    const { router, add, events } = createRouter(
      async refs => new Map(refs.map(one => [one, entities.get(one)])),
      'a',
    );
    const wanted = settings({ topics: ['a'], entity: aboutComponents });
    const { told, route } = add(wanted);
    await router.runOnce();
    expect(told).toEqual([]);
    entities.set(ref, entity);
    await expect(route.choose(events)).resolves.toEqual(events);
    await expect(router.explain(wanted, events[0])).resolves.toEqual({
      matches: true,
    });
  });

  it('follows a log that has lost its end', async () => {
    const { router, add, events } = createRouter(known, 'a', 'a', 'a');
    const { told } = add(settings({ topics: ['a'] }));
    await router.runOnce();
    const [lost] = events.splice(1);
    told.splice(0);
    await expect(router.runOnce()).resolves.toBe(true);
    // What it was told of may be gone, so it looks for itself.
    expect(told).toEqual(['doubt']);
    expect(router.position).toBe(1);
    events.push({ ...lost, position: 2, id: 'another' });
    await router.runOnce();
    expect(told).toEqual(['doubt', 2]);
  });

  it('lets others have their turn while it asks an expensive filter', async () => {
    const { add, events } = createRouter(
      known,
      ...Array.from({ length: 10 }, () => 'a'),
    );
    const numbers = Array.from({ length: 60 }, (_, index) => index);
    const xs = 'payload.xs.all(a, payload.xs.all(b, a + b >= 0))';
    const { route } = add(settings({ topics: ['a'], filter: xs }));
    const heavy = events.map(event => ({
      ...event,
      payload: JSON.stringify({ xs: numbers }),
    }));
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns += 1;
      if (!isDone) {
        setImmediate(count);
      }
    };
    setImmediate(count);
    await expect(route.choose(heavy)).resolves.toHaveLength(10);
    isDone = true;
    expect(turns).toBeGreaterThan(0);
  });
});
