import type { SecureContextOptions } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import type { Guard } from './createGuard';
import {
  createTunnelConnector,
  type ProxyOptions,
} from './createTunnelConnector';
import { createCheckedLookup, guardConnector } from './guardConnector';
import { resolveHost } from './resolveChecked';
import type { ResolveHost } from './ResolveHost';

/** How to connect. */
export interface GuardedAgentOptions {
  guard: Guard;
  /** Default: as the rest of the process resolves, `dns.lookup`, few at once. */
  resolve?: ResolveHost;
  /** The longest time that resolving, connecting and TLS may take, in milliseconds. Default: 10,000. */
  connectTimeLimitMs?: number;
  /** Trusted authorities, and the certificate to show. Agents that show different ones are different. */
  tls?: SecureContextOptions;
  /** Default: none, whatever the environment says. */
  proxy?: ProxyOptions;
  /** How connections are used; nothing that says where they lead. */
  connections?: Pick<
    Agent.Options,
    | 'connections'
    | 'pipelining'
    | 'keepAliveTimeout'
    | 'keepAliveMaxTimeout'
    | 'headersTimeout'
    | 'bodyTimeout'
    | 'maxHeaderSize'
    | 'maxRequestsPerClient'
    | 'maxOrigins'
    | 'clientTtl'
  >;
}

/**
 * How long one address of several may take before the next is tried, in milliseconds. Node.js has 250, and gives the
 * first up instead of letting both run: a receiver at the other side of the world, with a lost packet, takes longer.
 */
const patienceMs = 1_000;

/**
 * Makes an agent of undici that connects only where the guard lets it, at every connect, whoever made the URL: names are
 * resolved here, all their addresses are judged, and only those are connected to. Requests to anywhere else fail with
 * `RefusedAddressError`. `request` of undici follows no redirects; what follows them over this agent is judged again.
 *
 * @remarks
 * A connection that is kept goes to the address that was judged, whatever the name resolves to since.
 */
export function createGuardedAgent(options: GuardedAgentOptions): Agent {
  const { guard, proxy, resolve = resolveHost } = options;
  const timeLimitMs = options.connectTimeLimitMs ?? 10_000;
  const connect = buildConnector({
    ...options.tls,
    timeout: timeLimitMs,
    lookup: createCheckedLookup(guard, resolve),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: patienceMs,
  });
  return new Agent({
    ...options.connections,
    connect:
      proxy === undefined
        ? guardConnector(guard, connect)
        : createTunnelConnector({
            guard,
            resolve,
            proxy,
            startTls: connect,
            timeLimitMs,
          }),
  });
}
