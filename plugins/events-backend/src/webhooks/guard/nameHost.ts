import { isIP } from 'node:net';
import { errors } from 'undici';

/** What looks like an address, with or without a port. */
const candidate = /[0-9a-f.:]*[.:][0-9a-f.:]*[0-9a-f]/gi;
/** Node.js adds which address of this machine it came from. */
const local = / - Local \([^)]*\)/;

/**
 * Makes an error of a connection say the host where it says an address: owners of endpoints see the message, and are not
 * to learn what names resolve to here.
 *
 * @param host - to say, such as `hooks.example.com` or `the proxy`
 * @returns the same error if it is not one of connecting, or says no address; otherwise another with the same code, and the
 *   first as its cause
 */
export function nameHost(error: Error, host: string): Error {
  if (!isOfConnecting(error)) {
    return error;
  }
  const message = error.message
    .replace(local, '')
    .replace(candidate, text => replaceAddress(text, host));
  if (message === error.message) {
    return error;
  }
  const named = new Error(message, { cause: error });
  return 'code' in error ? Object.assign(named, { code: error.code }) : named;
}

/** Errors of Node.js name their call; that of undici lists the addresses that it tried. */
function isOfConnecting(error: Error): boolean {
  return (
    ('syscall' in error && error.syscall === 'connect') ||
    error instanceof errors.ConnectTimeoutError
  );
}

/** Node.js writes `::1:443` for a port of an IPv6 address, which could be read as an address too. */
function replaceAddress(text: string, host: string): string {
  const [, address, port] = text.match(/^(.*)(:\d+)$/) ?? [];
  if (address !== undefined && isIP(address) !== 0) {
    return `${host}${port}`;
  }
  return isIP(text) === 0 ? text : host;
}
