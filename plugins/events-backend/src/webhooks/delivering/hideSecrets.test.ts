import { hideSecrets, listSecrets } from './hideSecrets';

describe('secrets that a receiver repeats', () => {
  const headers = {
    'content-type': 'application/json',
    authorization: 'Bearer token-of-ours',
    'webhook-signature': 'v1,c2lnbmF0dXJlIG9uZQ== v1,c2lnbmF0dXJlIHR3bw==',
    'x-api-key': 'key-of-theirs',
  };

  it('are hidden, whole and in part', () => {
    const body = JSON.stringify({
      headers,
      token: 'token-of-ours',
      note: 'application/json',
    });
    const hidden = hideSecrets(body, listSecrets(headers, ['x-api-key']));
    expect(hidden).not.toMatch(/token-of-ours|key-of-theirs|c2lnbmF0dXJl/);
    expect(hidden).toContain('application/json');
  });

  it('are hidden as JSON writes them, with and without escaped slashes', () => {
    const secret = 'dXNlcjpwYS/zcw=="x"';
    const echoes = [
      JSON.stringify({ secret }),
      JSON.stringify({ secret }).replaceAll('/', '\\/'),
      `Not ${secret}`,
    ];
    for (const echo of echoes) {
      expect(hideSecrets(echo, [secret])).not.toContain('zcw');
    }
  });

  it('are not looked for where they are too short to mean anything', () => {
    expect(hideSecrets('a 1 b', ['1', ''])).toBe('a 1 b');
  });
});
