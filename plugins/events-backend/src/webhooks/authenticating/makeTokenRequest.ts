import type { EndpointAuth } from '@callboard/backstage-plugin-events-common';
import { userAgent } from '../requests';
import type { OutboundRequest } from '../sending';
import { writeBasicCredentials } from './writeBasicCredentials';

/** OAuth 2.0 by client credentials, as an endpoint is told to do it. */
export type ClientCredentials = Extract<EndpointAuth, { type: 'oauth2' }>;

/** A request that is yet to be given what connects. */
export type UnboundRequest = Omit<OutboundRequest, 'dispatcher'>;

/** Whoever waits for a token has an event to send, with a limit of 15 seconds for that alone. */
const timeLimitMs = 10_000;

/** A token has its own limit. There may be an id token beside it, and more. */
const maxAnswerBytes = 64 * 1024;

/**
 * Makes the request for an access token (RFC 6749, section 4.4.2).
 *
 * @param signal - gives it up
 */
export function makeTokenRequest(
  auth: ClientCredentials,
  clientSecret: string,
  signal: AbortSignal,
): UnboundRequest {
  const { clientId, scope, audience } = auth;
  const isInBody = auth.clientAuthentication === 'body';
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(scope !== undefined && { scope }),
    // Not of the RFC: some servers give tokens for one receiver, and ask which.
    ...(audience !== undefined && { audience }),
    ...(isInBody && { client_id: clientId, client_secret: clientSecret }),
  });
  return {
    url: auth.tokenUrl,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      'user-agent': userAgent,
      ...(!isInBody && {
        authorization: writeClientAuthentication(clientId, clientSecret),
      }),
    },
    body: Buffer.from(form.toString()),
    timeLimitMs,
    maxAnswerBytes,
    signal,
  };
}

/**
 * Names the client in a header: as Basic authentication, but with both parts encoded as a form is (RFC 6749, section
 * 2.3.1).
 */
export function writeClientAuthentication(
  clientId: string,
  clientSecret: string,
): string {
  return writeBasicCredentials(encodeForm(clientId), encodeForm(clientSecret));
}

/** Encodes a value of a form (RFC 6749, appendix B). */
export function encodeForm(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice('='.length);
}
