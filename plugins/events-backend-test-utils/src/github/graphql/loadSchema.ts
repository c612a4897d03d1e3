import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, type GraphQLSchema } from 'graphql';

const file = '@octokit/graphql-schema/schema.graphql';

let loaded: GraphQLSchema | undefined;

/**
 * Reads GitHub's own schema, once for all servers: it has more than a megabyte.
 *
 * @remarks
 * The package that holds it is an ES module and exports nothing else, so its file is looked for where Node.js looks
 * for packages.
 */
export function loadSchema(): GraphQLSchema {
  loaded ??= buildSchema(readFileSync(findFile(), 'utf8'), {
    assumeValid: true,
    assumeValidSDL: true,
  });
  return loaded;
}

function findFile(): string {
  const found = (require.resolve.paths(file) ?? [])
    .map(directory => join(directory, file))
    .find(path => existsSync(path));
  if (!found) {
    throw new Error(`There is no ${file}: install @octokit/graphql-schema`);
  }
  return found;
}
