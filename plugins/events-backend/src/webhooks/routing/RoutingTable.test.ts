import type { EndpointSettings } from '@callboard/backstage-plugin-events-common';
import * as fc from 'fast-check';
import { noEntity } from '../entities';
import type { FilteredEvent } from '../filtering';
import {
  anyEvent,
  anyFilter,
  anyText,
} from '../filtering/__testUtils__/anyFilter';
import { compileSelector, type Selector } from './compileSelector';
import { ParsedEvent } from './ParsedEvent';
import { RoutedEvent } from './RoutedEvent';
import { RoutingTable } from './RoutingTable';

type Settings = Pick<EndpointSettings, 'topics' | 'filter' | 'entity'>;

function compile(settings: Settings): Selector {
  const compiled = compileSelector(settings);
  if ('problem' in compiled) {
    throw new Error(compiled.problem);
  }
  return compiled.selector;
}

function toRouted({ entity, ...content }: FilteredEvent): RoutedEvent {
  return new RoutedEvent(content, entity ? { facts: entity } : noEntity);
}

const anyTexts = fc.option(fc.array(anyText, { minLength: 1, maxLength: 2 }), {
  nil: undefined,
});

const anySettings: fc.Arbitrary<Settings> = fc.record({
  topics: fc.array(
    fc.constantFrom('x', 'y', 'x.x', 'x.*', '*.x', '*', '**', 'x.**', 'y.x.*'),
    { minLength: 1, maxLength: 3 },
  ),
  filter: fc.option(anyFilter, { nil: undefined }),
  entity: fc.option(
    fc.record({
      kind: fc.option(fc.constantFrom(['component'], ['API', 'COMPONENT']), {
        nil: undefined,
      }),
      namespace: anyTexts,
      owner: anyTexts,
      system: anyTexts,
      tag: anyTexts,
      annotation: fc.option(
        fc.dictionary(
          fc.constantFrom('m', 'n'),
          fc.oneof(anyText, fc.constant(true as const)),
        ),
        { nil: undefined },
      ),
    }),
    { nil: undefined, freq: 2 },
  ),
});

const anyId = fc.constantFrom('a', 'b', 'c', 'd', 'e');

const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      id: anyId,
      settings: anySettings,
    }),
  },
  fc.record({ kind: fc.constant('remove' as const), id: anyId }),
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('route' as const),
      event: anyEvent,
    }),
  },
);

describe('the routing table', () => {
  it('tells what asking every endpoint would, however many came and went', () => {
    let routed = 0;
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 30 }), steps => {
        const table = new RoutingTable();
        const selectors = new Map<string, Selector>();
        for (const step of steps) {
          switch (step.kind) {
            case 'set':
              selectors.set(step.id, compile(step.settings));
              table.set(step.id, compile(step.settings));
              break;
            case 'remove':
              selectors.delete(step.id);
              table.remove(step.id);
              break;
            default: {
              const { topic } = step.event;
              const wanted = [...selectors].filter(
                ([, selector]) => selector.select(toRouted(step.event)).matches,
              );
              const ids = table.route(toRouted(step.event));
              routed += ids.length;
              expect(ids.sort()).toEqual(wanted.map(([id]) => id).sort());
              expect(table.needsEntity(topic)).toBe(
                [...selectors.values()].some(
                  selector =>
                    selector.asksForEntity && selector.wantsTopic(topic),
                ),
              );
            }
          }
        }
      }),
      { numRuns: 500 },
    );
    // Not about nothing: hundreds, as a rule.
    expect(routed).toBeGreaterThan(10);
  });
});

describe('an event', () => {
  /** A table of many endpoints, and how many of them were asked. */
  function fill(count: number, toSettings: (index: number) => Settings) {
    const table = new RoutingTable();
    const asked: string[] = [];
    const set = (id: string, settings: Settings) => {
      const selector = compile(settings);
      table.set(id, {
        ...selector,
        select(event) {
          asked.push(id);
          return selector.select(event);
        },
      });
    };
    for (let index = 0; index < count; index += 1) {
      set(`endpoint-${index}`, toSettings(index));
    }
    return { table, set, asked };
  }

  const push = (name: string, changes: Partial<FilteredEvent> = {}) =>
    toRouted({
      id: '1',
      topic: 'github.push',
      key: undefined,
      payload: { action: 'opened', repository: { name } },
      metadata: {},
      entity: undefined,
      ...changes,
    });

  const entity = {
    ref: 'component:default/my-service',
    kind: 'Component',
    namespace: 'default',
    name: 'my-service',
    owner: 'group:default/team-7',
    owners: ['group:default/team-7'],
    tags: [],
    labels: {},
    annotations: {},
  };

  it.each<[string, (index: number) => Settings]>([
    [
      'filters of their own',
      index => ({
        topics: ['github.*'],
        filter: `payload.action == 'opened' && payload.repository.name == 'r${
          index % 333
        }'`,
      }),
    ],
    [
      'entities of their own owner',
      index => ({
        topics: ['**'],
        entity: {
          kind: ['Component'],
          owner: [`group:default/team-${index % 333}`],
        },
      }),
    ],
    [
      'topics of their own',
      index => ({
        topics: index % 333 === 7 ? ['github.push'] : [`github.push.${index}`],
      }),
    ],
    [
      'wildcards of their own',
      index => ({
        topics: index % 333 === 7 ? ['github.*'] : [`github.*.${index}.**`],
      }),
    ],
    [
      'filters on different fields',
      index => ({
        topics: ['github.push'],
        filter:
          index % 333 === 7
            ? `entity.kind == 'Component' && payload.repository.name in ['r7', 'r8']`
            : `payload.labels.label${
                index % 50
              } == 'yes' && payload.action == 'opened'`,
      }),
    ],
  ])(
    'is compared with the few of 1,000 endpoints that it may concern: %s',
    (_, toSettings) => {
      const { table, asked } = fill(999, toSettings);
      const ids = table.route(push('r7', { entity }));
      expect(ids.sort()).toEqual([
        'endpoint-340',
        'endpoint-673',
        'endpoint-7',
      ]);
      expect(asked.length).toBeLessThanOrEqual(4);
      asked.length = 0;
      expect(table.route(push('other', { topic: 'other.x' }))).toEqual([]);
      expect(asked).toEqual([]);
    },
  );

  it('is compared with no endpoint by what that one required before', () => {
    const { table, set, asked } = fill(10, index => ({
      topics: ['github.push'],
      filter: `payload.repository.name == 'r${index}'`,
    }));
    table.remove('endpoint-1');
    set('endpoint-2', {
      topics: ['github.push'],
      filter: `payload.repository.name in ['r3', 'r4']`,
    });
    for (const name of ['r1', 'r2']) {
      expect(table.route(push(name))).toEqual([]);
    }
    expect(asked).toEqual([]);
    expect(table.route(push('r3')).sort()).toEqual([
      'endpoint-2',
      'endpoint-3',
    ]);
  });

  it('is compared with every endpoint that requires nothing that can be looked up', () => {
    const { table, asked } = fill(10, index => ({
      topics: ['**'],
      filter: `payload.size > ${index}.0`,
    }));
    expect(table.route(push('r', { payload: { size: 2 } }))).toHaveLength(2);
    expect(asked).toHaveLength(10);
  });

  it('is looked at once for each place at which endpoints wait, and not where none does', () => {
    const reads: string[] = [];
    const { table } = fill(100, index => ({
      topics: ['**', 'github.*', 'github.push'],
      filter: `payload.repository.name == 'r${index}'`,
    }));
    const repository = {
      get name() {
        reads.push('name');
        return 'nobody';
      },
      get owner() {
        reads.push('owner');
        return 'nobody';
      },
    };
    expect(table.route(push('', { payload: { repository } }))).toEqual([]);
    expect(reads).toEqual(['name']);
  });

  it('whose payload no endpoint asks for is not parsed', () => {
    const { table } = fill(10, index => ({
      topics: ['github.*'],
      filter: `key == 'k${index}'`,
    }));
    const event = new ParsedEvent({
      id: '1',
      topic: 'github.push',
      key: 'k3',
      payload: 'not even JSON',
      metadata: 'nor this',
    });
    expect(table.route(new RoutedEvent(event, noEntity))).toEqual([
      'endpoint-3',
    ]);
  });

  it('of the log is parsed once, when it is asked for', () => {
    const event = new ParsedEvent({
      id: '1',
      topic: 'github.push',
      key: undefined,
      payload: '{"a":[1]}',
      metadata: '{"m":"x"}',
    });
    expect(event.payload).toEqual({ a: [1] });
    expect(event.payload).toBe(event.payload);
    expect(event.metadata).toEqual({ m: 'x' });
  });

  it('needs no entity while no endpoint of its topic asks for it', () => {
    const table = new RoutingTable();
    table.set('a', compile({ topics: ['github.*'] }));
    table.set('b', compile({ topics: ['x'], entity: { kind: ['API'] } }));
    expect(table.needsEntity('github.push')).toBe(false);
    table.set('a', compile({ topics: ['**'], filter: 'has(entity.owner)' }));
    expect(table.needsEntity('github.push')).toBe(true);
    table.set('c', compile({ topics: ['**'] }));
    table.remove('a');
    expect(table.needsEntity('github.push')).toBe(false);
    expect(table.needsEntity('x')).toBe(true);
  });
});
