/**
 * How many requests came since the count was reset.
 *
 * @public
 */
export interface GithubRequestCounts {
  /** All requests, also those that were refused. */
  requests: number;
  /** By what was asked, such as `GET /repos/:owner/:repo` and `POST /graphql`; `failed` are those of faults. */
  byKind: Record<string, number>;
  /** How many were answered 304, which costs nothing. */
  notModified: number;
  /** What was used of the limit of the REST API. */
  restCost: number;
  /** What was used of the limit of GraphQL. */
  graphqlCost: number;
}

/** Counts requests. */
export class RequestCounter {
  #counts = makeCounts();

  read(): GithubRequestCounts {
    return structuredClone(this.#counts);
  }

  reset(): void {
    this.#counts = makeCounts();
  }

  count(kind: string): void {
    this.#counts.requests += 1;
    this.#counts.byKind[kind] = (this.#counts.byKind[kind] ?? 0) + 1;
  }

  countCost(resource: 'core' | 'graphql', cost: number): void {
    if (resource === 'core') {
      this.#counts.restCost += cost;
    } else {
      this.#counts.graphqlCost += cost;
    }
  }

  countNotModified(): void {
    this.#counts.notModified += 1;
  }
}

function makeCounts(): GithubRequestCounts {
  return {
    requests: 0,
    byKind: {},
    notModified: 0,
    restCost: 0,
    graphqlCost: 0,
  };
}
