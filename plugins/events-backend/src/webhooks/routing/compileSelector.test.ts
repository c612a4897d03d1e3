import type { EndpointSettings } from '@callboard/backstage-plugin-events-common';
import { noEntity, type EventEntity } from '../entities';
import type { EntityFacts } from '../filtering';
import { compileSelector } from './compileSelector';
import type { EventContent } from './ParsedEvent';
import { RoutedEvent } from './RoutedEvent';

type Settings = Partial<Pick<EndpointSettings, 'topics' | 'filter' | 'entity'>>;

function compile(settings: Settings) {
  const compiled = compileSelector({ topics: ['**'], ...settings });
  if ('problem' in compiled) {
    throw new Error(compiled.problem);
  }
  return compiled.selector;
}

const service: EntityFacts = {
  ref: 'component:default/my-service',
  kind: 'Component',
  namespace: 'default',
  name: 'my-service',
  owner: 'group:default/a',
  owners: ['group:default/a', 'group:default/b'],
  system: 'system:default/shop',
  tags: ['java'],
  labels: {},
  annotations: { 'example.com/tier': 'gold' },
};

function select(
  settings: Settings,
  event: Partial<EventContent> = {},
  about: EventEntity = { facts: service },
) {
  const content = { id: '1', topic: 'github.push', key: undefined };
  return compile(settings).select(
    new RoutedEvent({ ...content, payload: {}, metadata: {}, ...event }, about),
  );
}

/** What every object of JavaScript has, and no entity. */
const inherited: string = 'constructor';

const refused = (reason: string) => ({ matches: false, reason, failed: false });

describe('an endpoint', () => {
  it.each([['github.push'], ['github.*'], ['**'], ['jira', 'github.*']])(
    'wants the topics that it names: %s',
    (...topics) => {
      expect(compile({ topics }).wantsTopic('github.push')).toBe(true);
      expect(select({ topics })).toEqual({ matches: true });
    },
  );

  it('wants no other topic', () => {
    const topics = ['github.*', 'jira'];
    expect(compile({ topics }).wantsTopic('github')).toBe(false);
    expect(select({ topics }, { topic: 'github' })).toEqual(
      refused(`Topic 'github' is not among github.*, jira`),
    );
    expect(select({ topics: [...'abcdefgh'] })).toEqual(
      refused(`Topic 'github.push' is not among a, b, c, d, e and 3 more`),
    );
  });

  it.each<[EndpointSettings['entity']]>([
    [{ owner: ['group:default/a'] }],
    [{ owner: ['group:default/c', 'GROUP:default/B'] }],
    [{ kind: ['component'], namespace: ['Default'] }],
    [{ system: ['system:default/Shop'], tag: ['go', 'java'] }],
    [{ annotation: { 'example.com/tier': 'gold' } }],
    [{ annotation: { 'example.com/tier': true } }],
  ])('wants events about entities that fit: %j', entity => {
    expect(select({ entity })).toEqual({ matches: true });
    expect(compile({ entity }).asksForEntity).toBe(true);
  });

  it.each<[EndpointSettings['entity'], string]>([
    [
      { owner: ['group:default/c'] },
      `The entity's owner is not group:default/c`,
    ],
    [
      { owner: ['group:default/c', 'group:default/d'] },
      `The entity's owner is none of group:default/c, group:default/d`,
    ],
    [
      { kind: ['API'], owner: ['group:default/a'] },
      `The entity's kind is not API`,
    ],
    [{ namespace: ['x'] }, `The entity's namespace is not x`],
    [
      { system: ['system:default/x'] },
      `The entity's system is not system:default/x`,
    ],
    [{ tag: ['go'] }, 'The entity is not tagged go'],
    [{ tag: ['go', 'js'] }, 'The entity is not tagged go, js'],
    [
      { annotation: { 'example.com/tier': 'Gold' } },
      `The entity's annotation example.com/tier is not Gold`,
    ],
    [
      { annotation: { [inherited]: true } },
      'The entity has no annotation constructor',
    ],
  ])('wants no events about others: %j', (entity, reason) => {
    expect(select({ entity })).toEqual(refused(reason));
  });

  it('that wants certain entities wants no event without one', () => {
    const entity = { kind: ['Component'] };
    expect(select({ entity }, {}, noEntity)).toEqual(
      refused('The event is about no entity'),
    );
    const reason = 'The catalog does not know component:default/x';
    expect(select({ entity }, {}, { facts: undefined, reason })).toEqual(
      refused(reason),
    );
  });

  it('that wants certain annotations wants any entity that has all of them', () => {
    expect(select({ entity: { annotation: {} } })).toEqual({ matches: true });
    expect(
      select({
        entity: { annotation: { 'example.com/tier': 'gold', other: true } },
      }),
    ).toEqual(refused('The entity has no annotation other'));
  });

  it('wants events for which its filter is true', () => {
    const filter = `payload.ref == 'main' && entity.owner == 'group:default/a'`;
    expect(compile({ filter }).asksForEntity).toBe(true);
    expect(select({ filter }, { payload: { ref: 'main' } })).toEqual({
      matches: true,
    });
    expect(select({ filter }, { payload: { ref: 'dev' } })).toEqual(
      refused('The filter is false'),
    );
  });

  it('wants no event for which its filter fails, and says what was missing', () => {
    expect(select({ filter: `payload.ref == 'main'` })).toEqual({
      matches: false,
      failed: true,
      reason: expect.stringMatching(/^The filter failed: .*ref$/),
    });
    expect(select({ filter: `entity.kind == 'API'` }, {}, noEntity)).toEqual({
      matches: false,
      failed: true,
      reason: expect.stringMatching(
        /^The filter failed: .+\. The event is about no entity$/,
      ),
    });
  });

  it('asks for the entity only if it looks at it', () => {
    expect(compile({}).asksForEntity).toBe(false);
    expect(
      compile({ filter: `has(payload.entity) && payload['entity'] == 'x'` })
        .asksForEntity,
    ).toBe(false);
  });

  it.each<[Settings, string]>([
    [{ topics: ['a', 'git*'] }, 'has a wildcard within a segment'],
    [{ topics: ['a..b'] }, 'has an empty segment'],
    [{ filter: 'payload.a ==' }, 'is no expression of CEL'],
    [{ filter: `event.topic == 'a'` }, `uses 'event'`],
  ])('that cannot be is refused: %j', (settings, problem) => {
    expect(compileSelector({ topics: ['**'], ...settings })).toEqual({
      problem: expect.stringContaining(problem),
    });
  });
});
