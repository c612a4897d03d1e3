import { createGuard, type GuardOptions } from './createGuard';

function checkUrl(url: string, options: Partial<GuardOptions> = {}) {
  const verdict = createGuard({ allow: [], ...options }).checkUrl(url);
  return verdict.allowed ? 'allowed' : verdict.rule;
}

describe('judging a URL', () => {
  it.each([
    'https://hooks.example.com/a?b=c#d',
    'https://hooks.example.com:8443',
    'HTTPS://HOOKS.EXAMPLE.COM.',
    'https://bücher.example',
    'https://8.8.8.8',
    'https://[2606:4700::1111]',
    'https://[::ffff:8.8.8.8]',
    'https://localhost.example.com',
    'https://notlocalhost',
  ])('lets %s pass', url => {
    expect(checkUrl(url)).toBe('allowed');
  });

  it.each([
    ['', 'url'],
    ['hooks.example.com', 'url'],
    ['/path', 'url'],
    ['https://', 'url'],
    ['https://a b', 'url'],
    ['https://1.2.3.4.5', 'url'],
    ['https://256.1.1.1', 'url'],
    ['https://[fe80::1%25eth0]', 'url'],
    ['https://[fe80::1%eth0]', 'url'],
    ['https://example.com%40127.0.0.1', 'url'],
    ['https://hooks.example.com:99999', 'url'],
    ['http://hooks.example.com', 'scheme'],
    ['ftp://hooks.example.com', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['unix:/var/run/docker.sock', 'scheme'],
    ['data:,a', 'scheme'],
    ['ws://hooks.example.com', 'scheme'],
    ['gopher://hooks.example.com', 'scheme'],
    ['https://user@hooks.example.com', 'credentials'],
    ['https://user:password@hooks.example.com', 'credentials'],
    ['https://:password@hooks.example.com', 'credentials'],
    ['https://example.com@127.0.0.1', 'credentials'],
    ['https://localhost', 'loopback'],
    ['https://LOCALHOST.', 'loopback'],
    ['https://a.localhost', 'loopback'],
    ['https://127.0.0.1', 'loopback'],
    ['https://[::1]', 'loopback'],
  ])('refuses %j by the rule %s', (url, rule) => {
    expect(checkUrl(url)).toBe(rule);
  });

  it('lets http pass only if told so', () => {
    const options = { allowHttp: true };
    expect(checkUrl('http://hooks.example.com', options)).toBe('allowed');
    expect(checkUrl('http://127.0.0.1', options)).toBe('loopback');
    expect(checkUrl('ftp://hooks.example.com', options)).toBe('scheme');
  });

  it('lets pass what is on the allow-list', () => {
    const allow = ['127.0.0.1', 'fd00::/8', 'localhost'];
    const check = (url: string) => checkUrl(url, { allow });
    expect(check('https://0x7f.1')).toBe('allowed');
    expect(check('https://127.0.0.2')).toBe('loopback');
    expect(check('https://[fd12::1]')).toBe('allowed');
    expect(check('https://localhost.')).toBe('allowed');
    expect(checkUrl('https://localhost', { allow: ['127.0.0.0/8'] })).toBe(
      'allowed',
    );
  });

  it('says what is wrong, by which source, and the remedy', () => {
    const guard = createGuard({ allow: [] });
    expect(guard.checkUrl('https://0xa.1')).toEqual({
      allowed: false,
      rule: 'private',
      reason:
        '10.0.0.1 is a private address (10.0.0.0/8, RFC 1918), which webhooks reach only if events.webhooks.allow has it',
    });
    expect(guard.checkUrl('https://[::ffff:127.0.0.1]')).toMatchObject({
      reason: expect.stringContaining(
        '::ffff:7f00:1 is a form of a loopback address',
      ),
    });
  });
});

describe('judging an address', () => {
  const guard = createGuard({ allow: ['open.example', '10.1.0.0/16'] });

  it('tells the owner of an endpoint no address that a name resolves to', () => {
    const verdict = guard.checkAddress('db.internal', '10.0.0.1');
    expect(verdict).toMatchObject({
      rule: 'private',
      reason: expect.stringMatching(
        /^db\.internal resolves to a private address/,
      ),
    });
    expect(JSON.stringify(verdict)).not.toContain('10.0.0.1');
  });

  it('lets a host on the allow-list be anywhere', () => {
    for (const address of ['127.0.0.1', '10.0.0.1', '::', '8.8.8.8']) {
      expect(guard.checkAddress('Open.Example.', address).allowed).toBe(true);
    }
  });

  it('lets any host be at an address on the allow-list', () => {
    expect(guard.checkAddress('a', '10.1.2.3').allowed).toBe(true);
    expect(guard.checkAddress('a', '10.2.0.0').allowed).toBe(false);
  });

  it.each(['', 'a', '127.1', '2130706433', '10.1.2.3/32'])(
    'refuses %j, which is no address',
    address => {
      expect(guard.checkAddress('a', address).allowed).toBe(false);
    },
  );
});
