import { makeSettings } from '../../endpoints/__testUtils__/endpointPools';
import { refuseUselessSecrets } from './refuseUselessSecrets';

const basic = { type: 'basic', username: 'u' } as const;
const oauth2 = {
  type: 'oauth2',
  tokenUrl: 'https://id.example/token',
  clientId: 'c',
} as const;
const tls = { certificate: 'certificate' };

describe('secrets of an endpoint', () => {
  it.each([
    [{ auth: basic }, { password: 'p' }],
    [{ auth: oauth2 }, { clientSecret: 's' }],
    [{ tls }, { tlsKey: 'k' }],
    [{}, { headers: { 'x-key': 'k' } }],
  ])('of %j are taken where it has a use for them', (settings, secrets) => {
    expect(() =>
      refuseUselessSecrets(makeSettings(settings), secrets),
    ).not.toThrow();
  });

  it.each([
    [{}, { password: 'p' }, "auth with the type 'basic'"],
    [{ auth: oauth2 }, { password: '' }, "auth with the type 'basic'"],
    [{ auth: basic }, { clientSecret: 's' }, "auth with the type 'oauth2'"],
    [{ tls: { authorities: 'a' } }, { tlsKey: 'k' }, 'tls.certificate'],
  ])(
    'of %j that it has no use for are refused: %j',
    (settings, secrets, missing) => {
      expect(() =>
        refuseUselessSecrets(makeSettings(settings), secrets),
      ).toThrow(`has no use for it. Leave it out, or give it ${missing}`);
    },
  );
});
