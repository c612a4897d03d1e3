import type { EndpointSettings } from '@callboard/backstage-plugin-events-common';
import { findCarriedSecrets } from './findCarriedSecrets';

type Places = Pick<EndpointSettings, 'url' | 'auth'>;

const basic: Places = {
  url: 'https://a.example/hooks',
  auth: { type: 'basic', username: 'u' },
};
const oauth = (tokenUrl: string): Places => ({
  url: 'https://a.example',
  auth: {
    type: 'oauth2',
    tokenUrl,
    clientId: 'c',
    clientAuthentication: 'basic',
  },
});
const held = { headers: { 'x-key': 'k' }, password: 'p', clientSecret: 's' };

describe('findCarriedSecrets', () => {
  it('lets credentials stay with their receiver', () => {
    expect(
      findCarriedSecrets(
        basic,
        { ...basic, url: 'https://a.example/other' },
        held,
        {},
      ),
    ).toEqual([]);
  });

  it('asks for those again that another receiver would be sent', () => {
    const moved = { ...basic, url: 'https://b.example/hooks' };
    expect(findCarriedSecrets(basic, moved, held, {})).toEqual([
      'secrets.headers',
      'secrets.password',
    ]);
    expect(
      findCarriedSecrets(basic, moved, held, { headers: {}, password: 'q' }),
    ).toEqual([]);
  });

  it('asks for the secret of the client again for another issuer of tokens', () => {
    const before = oauth('https://id.example/token');
    const after = oauth('https://evil.example/token');
    expect(findCarriedSecrets(before, after, held, {})).toEqual([
      'secrets.clientSecret',
    ]);
    expect(findCarriedSecrets(before, before, held, {})).toEqual([]);
  });
});
