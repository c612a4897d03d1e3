export type { Authorization, Authorizer } from './Authorizer';
export { createAuthorizer, type AuthorizerOptions } from './createAuthorizer';
export type { UnboundRequest } from './makeTokenRequest';
export { readTlsOptions, type TlsOptions } from './readTlsOptions';
