export {
  createGuard,
  type Guard,
  type GuardOptions,
  type Refusal,
  type UrlRule,
  type Verdict,
} from './createGuard';
export {
  createGuardedAgent,
  type GuardedAgentOptions,
} from './createGuardedAgent';
export type { ProxyOptions } from './createTunnelConnector';
export { RefusedAddressError } from './RefusedAddressError';
export { resolveChecked } from './resolveChecked';
export type { ResolveHost } from './ResolveHost';
export type { AddressRule } from './specialRanges';
