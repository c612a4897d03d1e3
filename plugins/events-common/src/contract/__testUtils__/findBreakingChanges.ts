import { diff } from '@asyncapi/diff';
import { z } from 'zod';

const changesSchema = z.array(
  z.object({ action: z.enum(['add', 'edit', 'remove']), path: z.string() }),
);

/** What may change in a schema without a new major version: words for people, and fields that were not there. */
const harmless: Record<'add' | 'edit' | 'remove', RegExp> = {
  add: /\/(properties\/[^/]+|description|title|summary|examples(\/\d+)?)$|^\/(channels|operations|components\/(messages|schemas))\/[^/]+$/,
  edit: /\/(description|title|summary|examples\/\d+)$/,
  remove: /\/(description|title|summary|examples(\/\d+)?)$/,
};

/**
 * Compares two versions of the contract.
 *
 * The tool knows what breaks in channels and operations, and leaves schemas to us. Those are strict for both sides: a
 * value that a subscriber does not know, and a field that a publisher does not send, break somebody. The tool takes
 * another version of the contract for a break, whatever it is.
 *
 * @returns the changes that break a publisher or a subscriber, as action and JSON Pointer
 */
export function findBreakingChanges(before: object, after: object): string[] {
  const found = diff(before, after);
  const breaking = changesSchema
    .parse(found.breaking())
    .filter(
      ({ action, path }) => action !== 'edit' || path !== '/info/version',
    );
  const unclassified = changesSchema.parse(found.unclassified());
  return [
    ...breaking,
    ...unclassified.filter(({ action, path }) => !harmless[action].test(path)),
  ].map(({ action, path }) => `${action} ${path}`);
}
