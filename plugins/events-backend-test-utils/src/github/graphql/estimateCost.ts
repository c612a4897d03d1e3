import {
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** What a query costs before anybody answers it. */
export interface QueryCost {
  /** In points of the rate limit. */
  cost: number;
  /** How many nodes it could answer with. */
  nodeCount: number;
}

/**
 * Estimates as GitHub does: each connection counts as often as its parents can be there, a hundred of them are a point,
 * and everything costs at least one.
 *
 * @see https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#predicting-the-point-value-of-a-query
 */
export function estimateCost(
  document: DocumentNode,
  variables: Record<string, unknown>,
): QueryCost {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    }
  }
  let requests = 0;
  let nodeCount = 0;
  const walk = (set: SelectionSetNode | undefined, times: number) => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        walk(fragments.get(selection.name.value)?.selectionSet, times);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        walk(selection.selectionSet, times);
      } else {
        const size = readPageSize(selection, variables);
        if (size !== undefined) {
          requests += times;
          nodeCount += times * size;
        }
        walk(selection.selectionSet, times * (size ?? 1));
      }
    }
  };
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) {
      walk(definition.selectionSet, 1);
    }
  }
  return { cost: Math.max(1, Math.round(requests / 100)), nodeCount };
}

function readPageSize(
  { arguments: args = [] }: FieldNode,
  variables: Record<string, unknown>,
): number | undefined {
  const size = args.find(({ name }) => ['first', 'last'].includes(name.value));
  switch (size?.value.kind) {
    case Kind.INT:
      return Number(size.value.value);
    case Kind.VARIABLE:
      return Number(variables[size.value.name.value] ?? 0);
    default:
      return undefined;
  }
}
