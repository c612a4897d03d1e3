import {
  Kind,
  valueFromASTUntyped,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
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
 * and everything costs at least one. `nodes` is no connection: it counts its ids as nodes, and is no request of its own.
 *
 * @param operationName - which one of the document is asked for, if it has more than one
 *
 * @see https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#predicting-the-point-value-of-a-query
 */
export function estimateCost(
  document: DocumentNode,
  variables: Record<string, unknown>,
  operationName?: string,
): QueryCost {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    } else if (definition.kind === Kind.OPERATION_DEFINITION) {
      operations.push(definition);
    }
  }
  const operation =
    operations.find(({ name }) => name?.value === operationName) ??
    operations[0];
  const values = { ...readDefaults(operation), ...variables };
  let requests = 0;
  let nodeCount = 0;
  const walk = (set: SelectionSetNode | undefined, times: number) => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        walk(fragments.get(selection.name.value)?.selectionSet, times);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        walk(selection.selectionSet, times);
      } else {
        const size = readPageSize(selection, values);
        const ids = countIds(selection, values);
        requests += size === undefined ? 0 : times;
        nodeCount += times * (size ?? ids ?? 0);
        walk(selection.selectionSet, times * (size ?? ids ?? 1));
      }
    }
  };
  walk(operation?.selectionSet, 1);
  return { cost: Math.max(1, Math.round(requests / 100)), nodeCount };
}

function readDefaults(
  operation: OperationDefinitionNode | undefined,
): Record<string, unknown> {
  return Object.fromEntries(
    (operation?.variableDefinitions ?? []).flatMap(
      ({ variable, defaultValue }) =>
        defaultValue
          ? [[variable.name.value, valueFromASTUntyped(defaultValue)]]
          : [],
    ),
  );
}

function readPageSize(
  field: FieldNode,
  variables: Record<string, unknown>,
): number | undefined {
  const size =
    readArgument(field, 'first', variables) ??
    readArgument(field, 'last', variables);
  return size === undefined ? undefined : Number(size);
}

/** Only the field `nodes` of a query has ids; one may stand without a list. */
function countIds(
  field: FieldNode,
  variables: Record<string, unknown>,
): number | undefined {
  const ids = readArgument(field, 'ids', variables);
  if (field.name.value !== 'nodes' || ids === undefined) {
    return undefined;
  }
  return Array.isArray(ids) ? ids.length : 1;
}

/** Null is as good as nothing. */
function readArgument(
  { arguments: args = [] }: FieldNode,
  name: string,
  variables: Record<string, unknown>,
): unknown {
  const value = args.find(each => each.name.value === name)?.value;
  return value && (valueFromASTUntyped(value, variables) ?? undefined);
}
