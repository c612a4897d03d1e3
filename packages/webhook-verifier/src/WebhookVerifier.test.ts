import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { WebhookVerifier } from './index';
import {
  body,
  findReason,
  makeHeaders,
  nowMs,
  privateKey,
  secret,
  secretBytes,
  signWithPrivateKey,
  signWithSecret,
  timestamp,
  verifier,
} from './__testUtils__/requests';

describe('the known answers of the specification', () => {
  const first = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1_614_265_330,
    body: '{"test": 2432232314}',
  };

  it.each([
    {
      ...first,
      key: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
    {
      id: 'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
      timestamp: 1_649_367_553,
      body: '{"email":"test@example.com","username":"test_user"}',
      key: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
      signature: 'v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=',
    },
    {
      ...first,
      key: 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=',
      signature:
        'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
    },
  ])('verifies $signature', ({ key, signature, ...known }) => {
    const headers = {
      'webhook-id': known.id,
      'webhook-timestamp': String(known.timestamp),
      'webhook-signature': signature,
    };
    const verified = new WebhookVerifier({ keys: key }).verify(
      { headers, body: known.body },
      known.timestamp * 1_000,
    );
    expect(verified).toEqual({
      id: known.id,
      timestamp: new Date(known.timestamp * 1_000),
    });
  });
});

describe.each([
  {
    version: 'v1',
    signIt: (...rest: [string, number, Uint8Array]) =>
      signWithSecret(secretBytes, ...rest),
  },
  {
    version: 'v1a',
    signIt: (...rest: [string, number, Uint8Array]) =>
      signWithPrivateKey(privateKey, ...rest),
  },
])('a request signed with $version', ({ signIt }) => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 2_000 }),
    fc.string({ unit: 'binary' }).map(text => Buffer.from(text)),
  );
  const ids = fc.stringMatching(/^[!-\-/-~]{1,256}$/);
  const times = fc.integer({ min: 0, max: 999_999_999_999 });

  function request(id: string, time: number, content: Uint8Array) {
    return {
      headers: {
        'webhook-id': id,
        'webhook-timestamp': String(time),
        'webhook-signature': signIt(id, time, content),
      },
      body: content,
    };
  }

  it('verifies, whatever its id, time and body', () => {
    fc.assert(
      fc.property(ids, times, bodies, (id, time, content) => {
        expect(
          verifier.verify(request(id, time, content), time * 1_000),
        ).toEqual({ id, timestamp: new Date(time * 1_000) });
      }),
      { numRuns: 500 },
    );
  });

  it('does not verify with any bit of its body changed', () => {
    fc.assert(
      fc.property(
        bodies.filter(({ length }) => length > 0),
        fc.nat(),
        fc.integer({ min: 0, max: 7 }),
        (content, place, bit) => {
          const given = request('msg_1', timestamp, content);
          const changed = Uint8Array.from(content);
          const index = place % changed.length;
          changed[index] = (changed[index] + 2 ** bit) % 256;
          expect(findReason({ ...given, body: changed })).toBe(
            'no-matching-signature',
          );
        },
      ),
    );
  });

  it('does not verify with its body cut short or made longer', () => {
    fc.assert(
      fc.property(
        bodies,
        fc.uint8Array({ minLength: 1 }),
        (content, addition) => {
          const whole = Buffer.concat([content, addition]);
          expect(
            findReason({ ...request('a', timestamp, whole), body: content }),
          ).toBe('no-matching-signature');
          expect(
            findReason({ ...request('a', timestamp, content), body: whole }),
          ).toBe('no-matching-signature');
        },
      ),
    );
  });

  it('does not verify with another id', () => {
    fc.assert(
      fc.property(ids, ids, (id, other) => {
        fc.pre(id !== other);
        const { headers, body: content } = request(id, timestamp, body);
        expect(
          findReason({
            headers: { ...headers, 'webhook-id': other },
            body: content,
          }),
        ).toBe('no-matching-signature');
      }),
    );
  });

  it('does not verify with another timestamp', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -300, max: 300 }).filter(shift => shift !== 0),
        shift => {
          const { headers, body: content } = request('a', timestamp, body);
          expect(
            findReason({
              headers: {
                ...headers,
                'webhook-timestamp': String(timestamp + shift),
              },
              body: content,
            }),
          ).toBe('no-matching-signature');
        },
      ),
    );
  });

  it('does not verify with any character of its signature changed', () => {
    const given = request('a', timestamp, body);
    const [version, signature] = given.headers['webhook-signature'].split(',');
    const alphabet =
      'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_,';
    fc.assert(
      fc.property(
        fc.nat(signature.length - 1),
        fc.constantFrom(...alphabet),
        (place, character) => {
          const changed =
            signature.slice(0, place) + character + signature.slice(place + 1);
          fc.pre(changed !== signature);
          const headers = {
            ...given.headers,
            'webhook-signature': `${version},${changed}`,
          };
          expect(findReason({ ...given, headers })).toBe(
            'no-matching-signature',
          );
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it.each(['A', '=', '\n', '\0', ',', '.'])(
    'does not verify with %j after its signature',
    addition => {
      const given = request('a', timestamp, body);
      const headers = {
        ...given.headers,
        'webhook-signature': given.headers['webhook-signature'] + addition,
      };
      expect(findReason({ ...given, headers })).toBe('no-matching-signature');
    },
  );
});

describe('the tolerance', () => {
  it.each([
    [-301, 'timestamp-too-new'],
    [-300, 'verified'],
    [0, 'verified'],
    [300, 'verified'],
    [301, 'timestamp-too-old'],
  ])(
    'is 300 s to either side: what was signed %i s ago is %s',
    (ageSeconds, reason) => {
      const request = { headers: makeHeaders(), body };
      expect(
        findReason(request, { at: nowMs + ageSeconds * 1_000 }) ?? 'verified',
      ).toBe(reason);
    },
  );

  it('counts whole seconds, as the timestamp does', () => {
    const request = { headers: makeHeaders(), body };
    expect(findReason(request, { at: nowMs + 300_999 })).toBeUndefined();
    expect(findReason(request, { at: nowMs - 300_001 })).toBe(
      'timestamp-too-new',
    );
  });

  it('can be set', () => {
    const request = { headers: makeHeaders(), body };
    const by = new WebhookVerifier({ keys: secret, toleranceSeconds: 0 });
    expect(findReason(request, { by })).toBeUndefined();
    expect(findReason(request, { by, at: nowMs + 1_000 })).toBe(
      'timestamp-too-old',
    );
    expect(findReason(request, { by, at: nowMs - 1 })).toBe(
      'timestamp-too-new',
    );
  });

  it.each([-1, NaN, Infinity])('cannot be %d', toleranceSeconds => {
    expect(
      () => new WebhookVerifier({ keys: secret, toleranceSeconds }),
    ).toThrow(RangeError);
  });

  it('refuses a clock that is none, which nothing would be too old for', () => {
    expect(() =>
      verifier.verify({ headers: makeHeaders(), body }, NaN),
    ).toThrow(RangeError);
  });

  it('goes by the clock unless it is told the time', () => {
    expect(() => verifier.verify({ headers: makeHeaders(), body })).toThrow(
      'The request was signed more than 300 seconds ago',
    );
    const now = Math.floor(Date.now() / 1_000);
    const headers = makeHeaders({
      'webhook-timestamp': String(now),
      'webhook-signature': signWithSecret(secretBytes, 'msg_1', now, body),
    });
    expect(verifier.verify({ headers, body }).timestamp).toEqual(
      new Date(now * 1_000),
    );
  });
});

describe('bodies', () => {
  it('takes a text for its bytes in UTF-8', () => {
    const text = '{"name":"é🎭"}';
    const signature = signWithSecret(
      secretBytes,
      'msg_1',
      timestamp,
      Buffer.from(text),
    );
    const headers = makeHeaders({ 'webhook-signature': signature });
    expect(findReason({ headers, body: text })).toBeUndefined();
  });

  it('takes the part of a buffer that it is given', () => {
    const whole = Buffer.concat([Buffer.from('xx'), body, Buffer.from('yy')]);
    const part = whole.subarray(2, 2 + body.length);
    expect(findReason({ headers: makeHeaders(), body: part })).toBeUndefined();
    expect(findReason({ headers: makeHeaders(), body: whole })).toBe(
      'no-matching-signature',
    );
  });

  it.each([{ a: 1 }, undefined, null, [123]])(
    'says so when it is given %j, which was parsed already',
    parsed => {
      const request = { headers: makeHeaders(), body };
      Object.assign(request, { body: parsed });
      expect(() => verifier.verify(request, nowMs)).toThrow(
        'Give it as it came, before anything parses it',
      );
    },
  );
});

describe('over HTTP', () => {
  it('verifies what node:http receives, and what a Request of the Fetch API holds', async () => {
    const content = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x0a]);
    const init = {
      method: 'POST',
      headers: {
        'Webhook-Id': 'msg_1',
        'Webhook-Timestamp': String(timestamp),
        'Webhook-Signature': signWithSecret(
          secretBytes,
          'msg_1',
          timestamp,
          content,
        ),
      },
      body: content,
    };
    const received = await receive(init);
    expect(findReason(received)).toBeUndefined();

    const request = new Request('http://localhost', init);
    const fetched = {
      headers: request.headers,
      body: new Uint8Array(await request.arrayBuffer()),
    };
    expect(findReason(fetched)).toBeUndefined();
    expect(findReason({ ...fetched, body })).toBe('no-matching-signature');
  });
});

/** Sends a request to a server of its own, and gives what has arrived. */
async function receive(
  init: RequestInit,
): Promise<{ headers: IncomingHttpHeaders; body: Buffer }> {
  const server = createServer();
  try {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') {
      throw new Error('The server has no port');
    }
    const arrived = new Promise<{ headers: IncomingHttpHeaders; body: Buffer }>(
      (resolve, reject) => {
        server.on('request', (request, response) => {
          buffer(request).then(bytes => {
            response.end();
            resolve({ headers: request.headers, body: bytes });
          }, reject);
        });
      },
    );
    await fetch(`http://127.0.0.1:${address.port}`, init);
    return await arrived;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
