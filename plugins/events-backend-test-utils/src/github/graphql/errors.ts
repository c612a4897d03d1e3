import { GraphQLError } from 'graphql';

/** An error of a type that GitHub has. */
export function makeError(type: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { type } });
}

export function couldNotResolve(what: string): GraphQLError {
  return makeError('NOT_FOUND', `Could not resolve to ${what}.`);
}

/**
 * Refuses arguments of a field that would be passed over.
 *
 * @throws GraphQLError if one of them is given
 */
export function refuseArguments<T extends object>(
  field: string,
  args: T,
  unknown: readonly (keyof T & string)[],
): void {
  const given = unknown.find(name => (args[name] ?? null) !== null);
  if (given !== undefined) {
    throw makeError(
      'NO_RESOLVER',
      `This GitHub on localhost does not know the argument ${given} of ${field}`,
    );
  }
}

/** GitHub has the type of an error beside its message, where others have extensions. */
export function renderError(error: GraphQLError) {
  const { message, locations, path, extensions } = error.toJSON();
  const { type, ...others } = extensions ?? {};
  return {
    ...(typeof type === 'string' && { type }),
    ...(path && { path }),
    ...(Object.keys(others).length > 0 && { extensions: others }),
    ...(locations && { locations }),
    message,
  };
}
