import type { SignatureHeaders } from '../signing';
import { isOurHeader } from './findHeaderProblem';
import type { Content } from './makeContent';
import { userAgent } from './userAgent';

/** Where the headers of a request come from. What comes later wins, in any case of letters. */
export interface HeaderLayers {
  /** `settings.headers` of the endpoint. */
  settings: Readonly<Record<string, string>>;
  /** `secrets.headers` of the endpoint. */
  secrets: Readonly<Record<string, string>>;
  /** What the endpoint's `auth` makes. */
  auth: Readonly<Record<string, string>>;
  content: Pick<Content, 'contentType' | 'headers'>;
  signature: SignatureHeaders;
}

/**
 * Joins the headers of a request.
 *
 * @remarks
 * What an endpoint says of headers that are made here is left out, even where nothing is made: an endpoint with the
 * format `message` sends no header of CloudEvents, and none chooses its host. `findHeaderProblem` tells people before.
 *
 * @returns by name in lower case
 */
export function joinHeaders(layers: HeaderLayers): Record<string, string> {
  const { settings, secrets, auth, content, signature } = layers;
  const theirs = [settings, secrets]
    .flatMap(headers => Object.entries(headers))
    .filter(([name]) => !isOurHeader(name));
  const ours = [
    ...Object.entries(auth),
    ...Object.entries(content.headers),
    ['content-type', content.contentType],
    ...Object.entries(signature),
  ];
  return Object.fromEntries(
    [['user-agent', userAgent], ...theirs, ...ours].map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]),
  );
}
