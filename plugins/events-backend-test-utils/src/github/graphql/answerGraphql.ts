import {
  defaultFieldResolver,
  execute,
  GraphQLError,
  type GraphQLFieldResolver,
} from 'graphql';
import { ApiError } from '../ApiError';
import { RateLimitError, type RateLimit } from '../RateLimits';
import { makeError, renderError } from './errors';
import { estimateCost, type QueryCost } from './estimateCost';
import { makeQuery } from './makeQuery';
import type { GraphqlContext } from './nodes';
import { readQuery } from './readQuery';

/** A query asks for too much if it could be answered with more nodes. */
const maxNodes = 500_000;

/**
 * Answers a query by GitHub's own schema.
 *
 * @param body - in JSON: `query`, `variables` and `operationName`
 * @param take - takes the cost from the rate limit; may throw an ApiError
 *
 * @returns the body of the answer, which is 200 also for what fails
 *
 * @throws ApiError if the body is no query
 */
export async function answerGraphql(
  body: Buffer,
  context: GraphqlContext,
  take: (cost: number) => RateLimit,
): Promise<object> {
  const { query, variables, operationName } = readBody(body);
  const read = readQuery(query);
  if (read.errors) {
    return { errors: read.errors.map(renderError) };
  }
  const { schema, document } = read;
  const cost = estimateCost(document, variables, operationName);
  let rate: RateLimit;
  try {
    checkNodes(cost);
    rate = take(cost.cost);
  } catch (error) {
    if (error instanceof GraphQLError) {
      return { errors: [renderError(error)] };
    }
    if (error instanceof RateLimitError) {
      const { type, message } = error;
      const code = type === 'RATE_LIMIT' ? 'graphql_rate_limit' : undefined;
      return { errors: [{ type, code, message }] };
    }
    throw error;
  }
  const result = await execute({
    schema,
    document,
    variableValues: variables,
    operationName,
    rootValue: makeQuery(context, rate, cost),
    fieldResolver: resolveField,
  });
  return {
    ...(result.data !== undefined && { data: result.data }),
    ...(result.errors && { errors: result.errors.map(renderError) }),
  };
}

/** What is not there is said to be missing: null would be taken for what GitHub knows. */
const resolveField: GraphQLFieldResolver<unknown, unknown> = (
  source,
  args,
  context,
  info,
) => {
  const { fieldName, parentType } = info;
  if (typeof source !== 'object' || !source || !(fieldName in source)) {
    throw new GraphQLError(
      `This GitHub on localhost has no resolver for ${parentType.name}.${fieldName}`,
      { extensions: { type: 'NO_RESOLVER' } },
    );
  }
  return defaultFieldResolver(source, args, context, info);
};

function checkNodes({ nodeCount }: QueryCost): void {
  if (nodeCount > maxNodes) {
    throw makeError(
      'MAX_NODE_LIMIT_EXCEEDED',
      `This query requests up to ${nodeCount} possible nodes which exceeds the maximum limit of ${maxNodes}.`,
    );
  }
}

function readBody(body: Buffer): {
  query: string;
  variables: Record<string, unknown>;
  operationName: string | undefined;
} {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch {
    throw new ApiError(400, 'Problems parsing JSON');
  }
  if (
    typeof parsed !== 'object' ||
    !parsed ||
    !('query' in parsed) ||
    typeof parsed.query !== 'string'
  ) {
    throw new ApiError(
      400,
      'A query attribute must be specified and must be a string.',
    );
  }
  const variables =
    'variables' in parsed && typeof parsed.variables === 'object'
      ? parsed.variables
      : {};
  const operationName =
    'operationName' in parsed && typeof parsed.operationName === 'string'
      ? parsed.operationName
      : undefined;
  return { query: parsed.query, variables: { ...variables }, operationName };
}
