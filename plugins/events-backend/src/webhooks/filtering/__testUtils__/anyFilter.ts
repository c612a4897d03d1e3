import * as fc from 'fast-check';
import type { FilteredEvent } from '../FilterSubject';

/*
 * Filters and events made of so few words that they often fit each other.
 */

/** Texts that events have and filters ask for. */
export const anyText = fc.constantFrom('x', 'x', 'x', 'y');

const anyScalar = fc.oneof(anyText, fc.constantFrom(1, true, null));
const anyValue = fc.oneof(
  { weight: 8, arbitrary: anyText },
  anyScalar,
  fc.array(anyScalar, { maxLength: 2 }),
  fc.record({ a: anyText, 0: anyText }, { requiredKeys: [] }),
);

const payloadFields = {
  a: anyValue,
  b: fc.record({ a: anyValue }),
  list: fc.array(anyScalar, { maxLength: 3 }),
};

const anyPayload = fc.oneof(
  { weight: 8, arbitrary: fc.record(payloadFields) },
  fc.record(payloadFields, { requiredKeys: [] }),
  anyValue,
);

const anyEntity = fc
  .record({ name: anyText, owners: fc.array(anyText, { maxLength: 2 }) })
  .chain(({ name, owners }) =>
    fc.record({
      ref: fc.constant(`component:default/${name}`),
      kind: fc.constantFrom('Component', 'API'),
      namespace: fc.constantFrom('default', 'x'),
      name: fc.constant(name),
      owner: fc.constant(owners.at(0)),
      owners: fc.constant(owners),
      system: fc.option(anyText, { nil: undefined }),
      tags: fc.uniqueArray(anyText, { maxLength: 2 }),
      labels: fc.constant({}),
      annotations: fc.dictionary(fc.constantFrom('m', 'n'), anyText),
    }),
  );

/** Events, without a key or an entity as well. */
export const anyEvent: fc.Arbitrary<FilteredEvent> = fc.record({
  id: fc.uuid(),
  topic: fc
    .array(anyText, { minLength: 1, maxLength: 3 })
    .map(segments => segments.join('.')),
  key: fc.option(anyText, { nil: undefined, freq: 9 }),
  payload: anyPayload,
  metadata: fc.dictionary(
    fc.constant('m'),
    fc.oneof(
      { weight: 4, arbitrary: anyText },
      fc.array(anyText, { maxLength: 2 }),
    ),
    { minKeys: 0, maxKeys: 1 },
  ),
  entity: fc.option(anyEntity, { nil: undefined, freq: 9 }),
});

const anyPath = fc.constantFrom(
  'key',
  'topic',
  'payload',
  'payload.a',
  `payload['a']`,
  `payload["b"].a`,
  'payload.b["a"]',
  `payload['0']`,
  'payload.list[0]',
  'payload.missing.a',
  'metadata.m',
  'entity.owner',
  'entity.kind',
  `entity.annotations['m']`,
);

const anyLiteral = fc.oneof(
  { weight: 4, arbitrary: anyText.map(text => `'${text}'`) },
  fc.constantFrom(`"y"`, `r'x'`, '1', 'null', `'Component'`),
);

const anyTerm = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(anyPath, anyLiteral).map(toEquality) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(anyPath, fc.array(anyLiteral, { maxLength: 3 }))
      .map(([path, literals]) => `${path} in [${literals.join(', ')}]`),
  },
  fc.tuple(anyPath, anyLiteral).map(([path, text]) => `${text} == ${path}`),
  fc.tuple(anyPath, anyLiteral).map(([path, text]) => `${path} != ${text}`),
  fc.tuple(anyPath, anyLiteral).map(([path, text]) => `${path} < ${text}`),
  fc.constantFrom(
    'true',
    'payload.a',
    'has(payload.a)',
    `has(payload.a) == 'x'`,
    `payload.list.exists(x, x == 'x')`,
    // A macro may give the name of a variable to something else.
    `payload.list.all(payload, payload == 'x')`,
    `payload.list.exists(entity, entity == 'x')`,
  ),
);

function toEquality([path, literal]: readonly [string, string]): string {
  return `${path} == ${literal}`;
}

/** Expressions that are filters, whatever they come to. */
export const anyFilter: fc.Arbitrary<string> = fc.letrec<{ filter: string }>(
  tie => ({
    filter: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      anyTerm,
      fc
        .array(tie('filter'), { minLength: 2, maxLength: 3 })
        .map(parts => `(${parts.join(' && ')})`),
      fc
        .array(tie('filter'), { minLength: 2, maxLength: 2 })
        .map(parts => `(${parts.join(' || ')})`),
      tie('filter').map(part => `!(${part})`),
      fc
        .tuple(tie('filter'), tie('filter'), tie('filter'))
        .map(([test, yes, no]) => `(${test} ? ${yes} : ${no})`),
    ),
  }),
).filter;
