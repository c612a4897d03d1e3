import type { EndpointAuth } from '@callboard/backstage-plugin-events-common';
import type { SendResult } from '../sending';
import { authorizeBasic } from './authorizeBasic';
import type { Authorization, Authorizer } from './Authorizer';
import {
  encodeForm,
  makeTokenRequest,
  writeClientAuthentication,
  type ClientCredentials,
  type UnboundRequest,
} from './makeTokenRequest';
import { readTokenAnswer } from './readTokenAnswer';
import { TokenKeeper } from './TokenKeeper';

/** How an endpoint authenticates, and by what. */
export interface AuthorizerOptions {
  /** Of its settings; undefined when it does not. */
  auth: EndpointAuth | undefined;
  /** Of its secrets. */
  secrets: { password?: string | undefined; clientSecret?: string | undefined };
  /** Sends the request for a token: `sendRequest` with the guarded agent of the endpoint, since people choose the URL. */
  send(request: UnboundRequest): Promise<SendResult>;
  /** Tells how old a token is, in milliseconds from any start. Default: `performance.now`, which nobody sets back. */
  clock?: () => number;
}

/**
 * Makes what authorizes the requests of one endpoint, for as long as its settings and secrets stay as they are.
 *
 * @returns for no `auth`, no headers; for `basic`, the user and the password (RFC 7617); for `oauth2`, an access token
 *   that is asked for by client credentials (RFC 6749, section 4.4) and sent as a bearer token (RFC 6750, section 2.1)
 */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { auth, secrets } = options;
  switch (auth?.type) {
    case undefined:
      return keepTo({ headers: {} });
    case 'basic':
      return keepTo(authorizeBasic(auth.username, secrets.password));
    case 'oauth2':
      return secrets.clientSecret
        ? createTokenAuthorizer(auth, secrets.clientSecret, options)
        : keepTo({
            problem:
              "OAuth 2 needs a secret of the client: set 'secrets.clientSecret'",
          });
    default:
      throw new Error(`Unknown authentication ${JSON.stringify(auth)}`);
  }
}

function keepTo(authorization: Authorization): Authorizer {
  return { authorize: async () => authorization, reject: () => {} };
}

function createTokenAuthorizer(
  auth: ClientCredentials,
  clientSecret: string,
  { send, clock = () => performance.now() }: AuthorizerOptions,
): Authorizer {
  const basic = writeClientAuthentication(auth.clientId, clientSecret);
  // The longer first: the secret itself may be a part of the others.
  const unspeakable = [
    basic.slice('Basic '.length),
    encodeForm(clientSecret),
    clientSecret,
  ];
  const tokens = new TokenKeeper({
    clock,
    ask: async signal =>
      readTokenAnswer(
        await send(makeTokenRequest(auth, clientSecret, signal)),
        unspeakable,
      ),
  });
  return {
    async authorize(signal) {
      const got = await tokens.get(signal);
      if (got === undefined) {
        return { problem: 'Given up while waiting for an access token' };
      }
      return 'token' in got
        ? { headers: { authorization: `Bearer ${got.token}` } }
        : got;
    },
    reject: () => tokens.reject(),
  };
}
