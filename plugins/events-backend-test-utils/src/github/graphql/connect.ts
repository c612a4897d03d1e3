import { makeError } from './errors';

/**
 * The arguments of a connection.
 *
 * @see https://docs.github.com/en/graphql/guides/using-pagination-in-the-graphql-api
 */
export interface ConnectionArguments {
  first?: number | null;
  last?: number | null;
  after?: string | null;
  before?: string | null;
}

/** Where something stands in a connection: parts are compared from the first on. */
export type SortKey = readonly (string | number)[];

const maxPageSize = 100;

/**
 * Makes a connection. A cursor is the place of a thing and not its number, so that a page misses nothing when what came
 * before it is removed.
 *
 * @param name - of the field, for errors
 * @param options.keyOf - unique for each thing
 */
export function connect<T>(
  name: string,
  things: readonly T[],
  args: ConnectionArguments,
  options: {
    keyOf: (thing: T) => SortKey;
    isDescending?: boolean;
    makeNode: (thing: T) => object;
  },
) {
  const { first, last, after, before } = args;
  checkSizes(name, first, last);
  const { keyOf, isDescending = false, makeNode } = options;
  const sign = isDescending ? -1 : 1;
  const compare = (a: SortKey, b: SortKey) => sign * compareKeys(a, b);
  const sorted = things
    .map(thing => ({ thing, key: keyOf(thing) }))
    .sort((a, b) => compare(a.key, b.key));
  const from = after ? readCursor(after) : undefined;
  const to = before ? readCursor(before) : undefined;
  const within = sorted.filter(
    ({ key }) =>
      (!from || compare(key, from) > 0) && (!to || compare(key, to) < 0),
  );
  const head = within.slice(0, first ?? undefined);
  const page =
    typeof last === 'number' ? head.slice(-last || head.length) : head;
  const edges = page.map(({ thing, key }) => ({
    cursor: makeCursor(key),
    node: makeNode(thing),
  }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    totalCount: things.length,
    totalDiskUsage: 0,
    pageInfo: {
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges[edges.length - 1]?.cursor ?? null,
      hasNextPage: head.length < within.length,
      hasPreviousPage: page.length < head.length || within[0] !== sorted[0],
    },
  };
}

function checkSizes(
  name: string,
  first: number | null | undefined,
  last: number | null | undefined,
): void {
  const size = first ?? last;
  const side = typeof first === 'number' ? 'first' : 'last';
  if (typeof size !== 'number') {
    throw makeError(
      'MISSING_PAGINATION_BOUNDARIES',
      `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`,
    );
  }
  if (size > maxPageSize) {
    throw makeError(
      'EXCESSIVE_PAGINATION',
      `Requesting ${size} records on the \`${name}\` connection exceeds the \`${side}\` limit of ${maxPageSize} records.`,
    );
  }
  if (size < 0) {
    throw makeError(
      'INVALID_PAGINATION',
      `\`${side}\` on the \`${name}\` connection cannot be less than zero.`,
    );
  }
}

const cursorPrefix = 'cursor:v2:';

function makeCursor(key: SortKey): string {
  return Buffer.from(`${cursorPrefix}${JSON.stringify(key)}`).toString(
    'base64',
  );
}

function readCursor(cursor: string): SortKey {
  const text = Buffer.from(cursor, 'base64').toString();
  if (text.startsWith(cursorPrefix)) {
    try {
      const key: unknown = JSON.parse(text.slice(cursorPrefix.length));
      if (Array.isArray(key)) {
        return key;
      }
    } catch {
      // It is no JSON, which is said below.
    }
  }
  throw makeError(
    'INVALID_CURSOR_ARGUMENTS',
    `\`${cursor}\` does not appear to be a valid cursor.`,
  );
}

function compareKeys(a: SortKey, b: SortKey): number {
  for (const [index, part] of a.entries()) {
    if (part !== b[index]) {
      return part < b[index] ? -1 : 1;
    }
  }
  return 0;
}
