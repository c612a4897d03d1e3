import { parseEntityRef, stringifyEntityRef } from '@backstage/catalog-model';

/** The catalog keeps references in columns of this width, so it knows none that is longer. */
const maxCharacters = 255;

/**
 * Kind, namespace and name. What comes from senders may hold anything: characters that no name of an entity has are left
 * out, since some of them make the database of the catalog fail, and grow in JSON beyond the size that it accepts.
 */
const wholeRef = /^[^:/\s\p{C}"\\]+:[^:/\s\p{C}"\\]+\/[^:/\s\p{C}"\\]+$/u;

/**
 * Brings a whole reference into the form in which the catalog knows it: small letters.
 *
 * @returns undefined for a text that is none
 */
export function readWholeRef(text: string): string | undefined {
  const ref = text.toLowerCase();
  return ref.length <= maxCharacters && wholeRef.test(ref) ? ref : undefined;
}

/**
 * Reads a reference of which kind or namespace may be missing.
 *
 * @param defaults - what is meant then; without a kind, a reference must have one
 * @returns the whole reference; undefined for a text that is none
 */
export function completeRef(
  text: unknown,
  defaults: { defaultKind?: string; defaultNamespace?: string } = {},
): string | undefined {
  if (typeof text !== 'string') {
    return undefined;
  }
  try {
    return readWholeRef(stringifyEntityRef(parseEntityRef(text, defaults)));
  } catch {
    return undefined;
  }
}
