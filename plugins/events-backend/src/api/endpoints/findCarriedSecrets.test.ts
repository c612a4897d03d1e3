import type { EndpointSettings } from '@callboard/backstage-plugin-events-common';
import { findCarriedSecrets } from './findCarriedSecrets';

type Places = Pick<EndpointSettings, 'url' | 'auth'>;

const basic: Places = {
  url: 'https://a.example/hooks',
  auth: { type: 'basic', username: 'u' },
};
const oauth = (
  auth: Partial<Extract<Places['auth'], { type: 'oauth2' }>> = {},
  url = 'https://a.example/hooks',
): Places => ({
  url,
  auth: {
    type: 'oauth2',
    tokenUrl: 'https://id.example/token',
    clientId: 'c',
    clientAuthentication: 'basic',
    ...auth,
  },
});
const held = { headers: { 'x-key': 'k' }, password: 'p', clientSecret: 's' };

describe('findCarriedSecrets', () => {
  it('lets credentials stay with their receiver', () => {
    const after = (places: Places) => ({ ...places, url: `${places.url}?v=2` });
    for (const before of [basic, oauth()]) {
      expect(findCarriedSecrets(before, after(before), held, {})).toEqual([]);
    }
  });

  it.each(['https://b.example/hooks', 'https://a.example/other'])(
    'asks for those again that another receiver would be sent: %s',
    url => {
      const moved = { ...basic, url };
      expect(findCarriedSecrets(basic, moved, held, {})).toEqual([
        'secrets.headers',
        'secrets.password',
      ]);
      expect(
        findCarriedSecrets(basic, moved, held, { headers: {}, password: 'q' }),
      ).toEqual([]);
      expect(findCarriedSecrets(basic, moved, {}, {})).toEqual([]);
    },
  );

  it('asks for the secret of the client again for another receiver, which is sent the token that it brings', () => {
    const moved = oauth({}, 'https://evil.example/hooks');
    expect(findCarriedSecrets(oauth(), moved, held, {})).toEqual([
      'secrets.headers',
      'secrets.clientSecret',
    ]);
    expect(
      findCarriedSecrets(oauth(), moved, held, {
        headers: {},
        clientSecret: 't',
      }),
    ).toEqual([]);
  });

  it.each([
    { tokenUrl: 'https://evil.example/token' },
    { tokenUrl: 'https://id.example/token?tenant=other' },
    { clientId: 'd' },
    { scope: 'everything' },
    { audience: 'others' },
  ])('asks for it again for another token: %j', auth => {
    expect(findCarriedSecrets(oauth(), oauth(auth), held, {})).toEqual([
      'secrets.clientSecret',
    ]);
  });

  it('asks for it once, where it is carried from no place', () => {
    expect(
      findCarriedSecrets(
        oauth(),
        oauth({ clientAuthentication: 'body' }),
        held,
        {},
      ),
    ).toEqual([]);
    expect(findCarriedSecrets(basic, oauth(), { headers: {} }, {})).toEqual([]);
  });
});
