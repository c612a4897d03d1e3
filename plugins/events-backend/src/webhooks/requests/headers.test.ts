import fc from 'fast-check';
import packageInfo from '../../../package.json';
import {
  findHeaderProblem,
  joinHeaders,
  maskHeaders,
  type HeaderLayers,
} from './index';

const signature = {
  'webhook-id': 'msg_1',
  'webhook-timestamp': '1614265330',
  'webhook-signature': 'v1,c2lnbmVk',
};
const content = {
  contentType: 'application/json',
  headers: { 'ce-id': 'event', traceparent: '00-trace' },
};

function join(layers: Partial<HeaderLayers> = {}) {
  return joinHeaders({
    settings: {},
    secrets: {},
    auth: {},
    content,
    signature,
    ...layers,
  });
}

const ours = {
  'content-type': 'application/json',
  'ce-id': 'event',
  traceparent: '00-trace',
  ...signature,
};

/** Names that no endpoint can choose, in any case of letters. */
const reserved = [
  'webhook-id',
  'Webhook-Signature',
  'WEBHOOK-TIMESTAMP',
  'webhook-anything',
  'ce-id',
  'CE-Anything',
  'Content-Type',
  'content-length',
  'content-encoding',
  'Host',
  'transfer-encoding',
  'Connection',
  'keep-alive',
  'upgrade',
  'Expect',
  'accept-encoding',
];

describe('the headers of a request', () => {
  it('come from the endpoint, its secrets, its authentication, the content and the signature', () => {
    expect(
      join({
        settings: { 'X-Team': 'web' },
        secrets: { 'X-Api-Key': 'key' },
        auth: { authorization: 'Bearer token' },
      }),
    ).toEqual({
      ...ours,
      'user-agent': `Callboard/${packageInfo.version}`,
      'x-team': 'web',
      'x-api-key': 'key',
      authorization: 'Bearer token',
    });
  });

  it('say who sends, unless the endpoint says something else', () => {
    expect(join({ settings: { 'User-Agent': 'Theirs/1' } })).toEqual({
      ...ours,
      'user-agent': 'Theirs/1',
    });
  });

  it('are each there once: what is nearer to the protocol wins', () => {
    expect(
      join({
        settings: { 'X-Both': 'shown', Traceparent: 'theirs' },
        secrets: { 'x-both': 'secret', Authorization: 'theirs' },
        auth: { authorization: 'ours' },
      }),
    ).toMatchObject({
      ...ours,
      'x-both': 'secret',
      authorization: 'ours',
    });
  });

  it.each(reserved)('do not let an endpoint choose %s', name => {
    const chosen = { [name]: 'theirs' };
    expect(join({ settings: chosen, secrets: chosen })).toEqual(join());
  });

  it('are those of the protocol whatever an endpoint says', () => {
    const name = fc
      .tuple(fc.constantFrom(...reserved, 'x-own', '__proto__'), fc.nat())
      .map(([text, seed]) =>
        [...text]
          .map((letter, index) =>
            Math.floor(seed / 2 ** index) % 2 ? letter.toUpperCase() : letter,
          )
          .join(''),
      );
    const headers = fc.dictionary(name, fc.constant('theirs'));
    fc.assert(
      fc.property(headers, headers, (settings, secrets) => {
        const joined = join({ settings, secrets });
        expect(joined).toMatchObject(ours);
        for (const each of Object.keys(joined)) {
          expect(each).toBe(each.toLowerCase());
          if (joined[each] === 'theirs') {
            expect(['x-own', '__proto__']).toContain(each);
          }
        }
      }),
    );
  });
});

describe('a header that an endpoint asks for', () => {
  it.each(reserved)('is refused if it is made here: %s', name => {
    for (const isSecret of [true, false]) {
      expect(findHeaderProblem(name, { isSecret })).toBe(
        `The header '${name}' is made by Callboard for each request: leave it out`,
      );
    }
  });

  it.each(['Authorization', 'x-api-key', 'X-Auth-Token', 'cookie'])(
    'belongs into the secrets if it holds a credential by its name: %s',
    name => {
      expect(findHeaderProblem(name, { isSecret: false })).toContain(
        "put it into 'secrets.headers'",
      );
      expect(findHeaderProblem(name, { isSecret: true })).toBeUndefined();
    },
  );

  it('is not made twice', () => {
    const options = { isSecret: true, hasAuth: true };
    expect(findHeaderProblem('Authorization', options)).toContain(
      'leave out one of them',
    );
    expect(findHeaderProblem('x-api-key', options)).toBeUndefined();
  });

  it.each([
    'User-Agent',
    'X-Team',
    'x-webhook-id',
    'ceremony',
    'X-PassThrough',
    'accept',
    'callboard-stage',
  ])('is taken otherwise: %s', name => {
    expect(findHeaderProblem(name, { isSecret: false })).toBeUndefined();
  });
});

describe('headers that are shown', () => {
  it('hold no credential, and of signatures the versions', () => {
    expect(
      maskHeaders(
        {
          Authorization: 'Bearer token',
          'x-plain-name': 'secret',
          'x-api-key': 'secret',
          'x-team': 'web',
          'webhook-id': 'msg_1',
          'webhook-signature': 'v1,c2lnbmVk v1a,bW9yZQ==',
        },
        ['X-Plain-Name'],
      ),
    ).toEqual({
      Authorization: '***',
      'x-plain-name': '***',
      'x-api-key': '***',
      'x-team': 'web',
      'webhook-id': 'msg_1',
      'webhook-signature': 'v1,*** v1a,***',
    });
  });

  it('mask every secret that was joined', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,10}$/),
          fc.uuid(),
        ),
        secrets => {
          const joined = join({
            secrets,
            auth: { authorization: `Bearer ${'t'.repeat(40)}` },
          });
          const shown = JSON.stringify(
            maskHeaders(joined, Object.keys(secrets)),
          );
          for (const value of Object.values(secrets)) {
            expect(shown).not.toContain(value);
          }
          expect(shown).not.toContain('tttt');
          expect(shown).not.toContain('c2lnbmVk');
        },
      ),
    );
  });
});
