import type { GithubRequestCounts } from '@callboard/backstage-plugin-events-backend-test-utils/github';

/** What was asked of GitHub, by whom and for what. */
export interface Calls {
  /** Questions of the provider. */
  graphql: number;
  /** For the tokens that are asked with. */
  tokens: number;
  /** To the log of deliveries, for webhooks that did not arrive. */
  recovery: number;
  /** Of files, by the catalog. */
  reads: number;
  /** Points of the rate limit of GraphQL. */
  points: number;
}

export const noCalls: Calls = {
  graphql: 0,
  tokens: 0,
  recovery: 0,
  reads: 0,
  points: 0,
};

/**
 * Sorts requests by what they are for.
 *
 * @throws Error when one was for nothing that is known, or failed
 */
export function countCalls({
  byKind,
  graphqlCost,
}: GithubRequestCounts): Calls {
  const calls = { ...noCalls, points: graphqlCost };
  for (const [kind, count] of Object.entries(byKind)) {
    calls[classify(kind)] += count;
  }
  return calls;
}

function classify(kind: string): keyof Calls {
  switch (kind) {
    case 'POST /graphql':
      return 'graphql';
    case 'GET /app/installations':
    case 'POST /app/installations/:id/access_tokens':
      return 'tokens';
    case 'GET /app/hook/config':
    case 'GET /app/hook/deliveries':
      return 'recovery';
    case 'GET /repos/:owner/:repo/contents/*path':
      return 'reads';
    default:
      throw new Error(`GitHub was asked for something unforeseen: ${kind}`);
  }
}

export function addCalls(one: Calls, other: Calls): Calls {
  return combine(one, other, (a, b) => a + b);
}

export function subtractCalls(one: Calls, other: Calls): Calls {
  return combine(one, other, (a, b) => a - b);
}

/** What so many times as much is. */
export function multiplyCalls(calls: Calls, times: number): Calls {
  return combine(calls, calls, count => count * times);
}

/** Calls of the provider itself, with those for its tokens. */
export function sumProvider({ graphql, tokens }: Calls): number {
  return graphql + tokens;
}

function combine(
  one: Calls,
  other: Calls,
  reckon: (a: number, b: number) => number,
): Calls {
  return {
    graphql: reckon(one.graphql, other.graphql),
    tokens: reckon(one.tokens, other.tokens),
    recovery: reckon(one.recovery, other.recovery),
    reads: reckon(one.reads, other.reads),
    points: reckon(one.points, other.points),
  };
}
