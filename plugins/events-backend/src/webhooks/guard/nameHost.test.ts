import fc from 'fast-check';
import { errors } from 'undici';
import { anyAddress, writeAddress } from './__testUtils__/anyAddress';
import { nameHost } from './nameHost';

const host = 'hooks.example.test';
const refused = (message: string) =>
  Object.assign(new Error(message), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
  });
const say = (message: string) => nameHost(refused(message), host).message;

describe('an error of a connection', () => {
  it.each([
    ['connect ECONNREFUSED 10.1.2.3:443', `connect ECONNREFUSED ${host}:443`],
    ['connect ECONNREFUSED fd00::1:443', `connect ECONNREFUSED ${host}:443`],
    ['connect ECONNREFUSED ::1:443', `connect ECONNREFUSED ${host}:443`],
    [
      'connect EHOSTUNREACH 10.1.2.3:443 - Local (10.9.9.9:51234)',
      `connect EHOSTUNREACH ${host}:443`,
    ],
    ['no route to 10.1.2.3.', `no route to ${host}.`],
  ])('says the host in place of the address: %s', (before, after) => {
    expect(say(before)).toBe(after);
  });

  it('does so for all addresses that were tried', () => {
    const error = new errors.ConnectTimeoutError(
      'Connect Timeout Error (attempted addresses: 10.1.2.3:443, fd00::1:443, timeout: 10000ms)',
    );
    expect(nameHost(error, host)).toMatchObject({
      code: 'UND_ERR_CONNECT_TIMEOUT',
      message: `Connect Timeout Error (attempted addresses: ${host}:443, ${host}:443, timeout: 10000ms)`,
    });
  });

  it('says no address at all', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyAddress(4), anyAddress(6)),
        fc.option(fc.integer({ min: 1, max: 65_535 })),
        (address, port) => {
          const text = writeAddress(address);
          expect(say(`connect E ${text}${port ? `:${port}` : ''}`)).toBe(
            `connect E ${host}${port ? `:${port}` : ''}`,
          );
        },
      ),
    );
  });

  it.each([
    'getaddrinfo ENOTFOUND hooks.example.test',
    'read ECONNRESET',
    'at 12:30:59 version 1.2.3 was there: face.d',
    '',
  ])('stays as it is without one: %s', message => {
    const error = refused(message);
    expect(nameHost(error, host)).toBe(error);
  });

  it('that is not of connecting stays as it is: the owner may know the address', () => {
    const error = new Error('10.1.2.3 is a private address (10.0.0.0/8)');
    expect(nameHost(error, host)).toBe(error);
  });

  it('keeps its code, and what it said as its cause', () => {
    const error = refused('connect ECONNREFUSED 10.1.2.3:1');
    expect(nameHost(error, host)).toMatchObject({
      code: 'ECONNREFUSED',
      cause: error,
    });
  });
});
