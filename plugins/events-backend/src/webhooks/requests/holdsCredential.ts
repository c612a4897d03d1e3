import { eventMetadataPrefix } from '@callboard/backstage-plugin-events-node';
import { readHeaders } from '../../model/headers';

/**
 * Whether a name says that its value is a credential, by the rule for the headers of ingresses.
 *
 * @param name - of a header, in lower case; or of metadata, in which publishers write `clientSecret` too
 */
export function holdsCredential(name: string): boolean {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1-$2');
  return [name, words].some(each => isDropped(each.toLowerCase()));
}

function isDropped(name: string): boolean {
  return (
    !name.startsWith(eventMetadataPrefix) &&
    Object.keys(readHeaders({ [name]: '' })).length === 0
  );
}
