import { eventMetadataPrefix } from '@callboard/backstage-plugin-events-node';
import { namesCredential } from '../../model/headers';

/**
 * Whether a name says that its value is a credential, by the rule for the headers of ingresses.
 *
 * @param name - of a header, in lower case; or of metadata, in which publishers write `clientSecret` too
 */
export function holdsCredential(name: string): boolean {
  const lowerCase = name.toLowerCase();
  if (lowerCase.startsWith(eventMetadataPrefix)) {
    return false;
  }
  return (
    namesCredential(lowerCase) ||
    (lowerCase !== name && namesCredential(splitWords(name).toLowerCase()))
  );
}

function splitWords(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2');
}
