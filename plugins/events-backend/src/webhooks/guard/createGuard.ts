import { isIP } from 'node:net';
import { parseUrl } from '../../model/parseUrl';
import { readAddress } from './address';
import { allowKey, readAllowList, toPlainHost } from './allowList';
import {
  findDestination,
  findSpecialRange,
  type AddressRule,
} from './specialRanges';

/** Why a URL or an address is refused. */
export interface Refusal<Rule> {
  allowed: false;
  /** For machines. */
  rule: Rule;
  /**
   * For whoever owns the endpoint: what is wrong, by which source, and the remedy. It names no address that a name
   * resolves to, which would let anybody who may make an endpoint ask for the names of the network.
   */
  reason: string;
}

export type Verdict<Rule> = { allowed: true } | Refusal<Rule>;

/** The name of a rule that refuses a URL before anything is resolved. */
export type UrlRule =
  | AddressRule
  /** It cannot be read. */
  | 'url'
  | 'scheme'
  | 'credentials';

/** Judges where webhooks may go. */
export interface Guard {
  /**
   * Judges a URL before an endpoint with it is saved. A host that is a name passes, but for `localhost`: what it resolves
   * to may change, and is judged at each connect.
   *
   * @param url - judged as the WHATWG URL that it stands for, so `http://0x7f.1` is 127.0.0.1
   */
  checkUrl(url: string): Verdict<UrlRule>;

  /**
   * Judges an address before it is connected to.
   *
   * @param host - of the URL: a name, or the address itself, without brackets
   * @param address - what it resolves to; refused as `unassigned` if it is no IP address
   */
  checkAddress(host: string, address: string): Verdict<AddressRule>;

  /** Whether a host is on the allow-list by its name, so that it may be at any address. */
  allowsHost(host: string): boolean;
}

/** What a guard lets through. */
export interface GuardOptions {
  /**
   * What is open although it is inside the network: host names, `*.` and a suffix, IP addresses, and CIDRs.
   * `events.webhooks.allow` in the configuration.
   */
  allow: readonly string[];
  /** Whether a URL may have the scheme `http`, which shows every event to whoever is on the way. Default: `false`. */
  allowHttp?: boolean;
}

const allowed = { allowed: true } as const;

/**
 * Makes the guard of the network: it lets webhooks out, and not back in.
 *
 * @throws Error that names the entry of the allow-list that is wrong
 */
export function createGuard(options: GuardOptions): Guard {
  const allowList = readAllowList(options.allow);
  const allowHttp = options.allowHttp ?? false;

  const allowsHost = (host: string) => allowList.hasHost(toPlainHost(host));

  const checkAddress: Guard['checkAddress'] = (host, text) => {
    if (allowsHost(host)) {
      return allowed;
    }
    const address = readAddress(text);
    if (address === undefined) {
      return refuse('unassigned', `${host} resolves to what is no IP address`);
    }
    const destination = findDestination(address);
    const special = findSpecialRange(destination);
    if (special === undefined || allowList.hasAddress(destination)) {
      return allowed;
    }
    const verb = isIP(host) === 0 ? 'resolves to' : 'is';
    const carried = destination === address ? '' : 'a form of ';
    return refuse(
      special.rule,
      `${host} ${verb} ${carried}${special.meaning} (${special.source}), which webhooks reach only if ${allowKey} has it`,
    );
  };

  return {
    allowsHost,
    checkAddress,
    checkUrl(text) {
      const url = parseUrl(text);
      if (!url) {
        return refuse('url', 'The URL cannot be read');
      }
      if (url.protocol !== 'https:' && !(allowHttp && isHttp(url))) {
        const schemes = allowHttp
          ? 'https or http'
          : 'https, unless events.webhooks.allowHttp is true, which shows every event to whoever is on the way';
        return refuse('scheme', `The URL must begin with ${schemes}`);
      }
      if (url.username !== '' || url.password !== '') {
        return refuse(
          'credentials',
          'The URL must not have a user or a password: they end up in logs, and hide the host',
        );
      }
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0) {
        return checkAddress(host, host);
      }
      return isLocalhost(host) ? checkAddress(host, '127.0.0.1') : allowed;
    },
  };
}

function refuse<Rule>(rule: Rule, reason: string): Refusal<Rule> {
  return { allowed: false, rule, reason };
}

function isHttp(url: URL): boolean {
  return url.protocol === 'http:';
}

/** RFC 6761, section 6.3: these names are loopback addresses whatever a resolver says. */
function isLocalhost(host: string): boolean {
  return /(^|\.)localhost$/.test(toPlainHost(host));
}
