import {
  GraphQLError,
  parse,
  validate,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import { loadSchema } from './loadSchema';

type ReadQuery =
  | { schema: GraphQLSchema; document: DocumentNode; errors?: undefined }
  | { errors: readonly GraphQLError[] };

/** Clients ask few different queries, again and again. */
const maxKept = 100;

const kept = new Map<string, ReadQuery>();

/**
 * Parses and validates a query, or remembers that it did.
 *
 * @returns the document, or what is wrong with the query
 */
export function readQuery(query: string): ReadQuery {
  const known = kept.get(query);
  if (known) {
    return known;
  }
  const read = parseQuery(query);
  if (kept.size === maxKept) {
    kept.clear();
  }
  kept.set(query, read);
  return read;
}

function parseQuery(query: string): ReadQuery {
  const schema = loadSchema();
  try {
    const document = parse(query);
    const errors = validate(schema, document);
    return errors.length > 0 ? { errors } : { schema, document };
  } catch (error) {
    if (error instanceof GraphQLError) {
      return { errors: [error] };
    }
    throw error;
  }
}
