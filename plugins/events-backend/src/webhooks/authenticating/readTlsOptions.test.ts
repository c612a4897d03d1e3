import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:https';
import { TLSSocket } from 'node:tls';
import { createGuard, createGuardedAgent } from '../guard';
import { certificate as other } from '../guard/__testUtils__/certificate';
import { listen } from '../guard/__testUtils__/listen';
import { sendRequest } from '../sending';
import { selfSigned } from '../sending/__testUtils__/selfSigned';
import { weak } from './__testUtils__/weakCertificate';
import { readTlsOptions } from './index';

const ending: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) {
    await end();
  }
});

/** Starts what answers with the subject of the certificate that it was shown by whoever `selfSigned` vouches for. */
async function startReceiver(): Promise<string> {
  const server = await listen(
    createServer(
      {
        key: other.key,
        cert: other.cert,
        ca: selfSigned.cert,
        requestCert: true,
        rejectUnauthorized: true,
      },
      ({ socket }, response) => {
        response.end(
          socket instanceof TLSSocket
            ? socket.getPeerCertificate().subject.CN
            : 'nobody',
        );
      },
    ),
    '127.0.0.1',
  );
  ending.push(() => server.stop());
  return `https://127.0.0.1:${server.port}/`;
}

/** Sends as endpoints do. */
async function send(
  url: string,
  tls: Parameters<typeof readTlsOptions>[0],
  tlsKey?: string,
) {
  const read = readTlsOptions(tls, tlsKey);
  if ('problem' in read) {
    throw new Error(read.problem);
  }
  const dispatcher = createGuardedAgent({
    guard: createGuard({ allow: ['127.0.0.1'] }),
    tls: read.options,
  });
  ending.push(() => dispatcher.destroy());
  return sendRequest({
    dispatcher,
    url,
    headers: {},
    body: new Uint8Array(),
    timeLimitMs: 60_000,
  });
}

describe('an endpoint with a certificate', () => {
  it('shows it to a receiver that asks for one', async () => {
    const url = await startReceiver();
    expect(
      await send(
        url,
        { certificate: selfSigned.cert, authorities: other.cert },
        selfSigned.key,
      ),
    ).toMatchObject({ kind: 'answered', status: 200, body: 'localhost' });
  });

  it('is not let in without it, nor with another one', async () => {
    const url = await startReceiver();
    const authorities = other.cert;
    for (const result of [
      await send(url, { authorities }),
      await send(url, { certificate: other.cert, authorities }, other.key),
    ]) {
      expect(result).toMatchObject({ kind: 'failed' });
    }
  });

  it('trusts the authorities that it names, and no others', async () => {
    const url = await startReceiver();
    const shown = { certificate: selfSigned.cert };
    for (const tls of [shown, { ...shown, authorities: selfSigned.cert }]) {
      expect(await send(url, tls, selfSigned.key)).toMatchObject({
        kind: 'failed',
        reason: 'tls',
      });
    }
    const both = { ...shown, authorities: selfSigned.cert + other.cert };
    expect(await send(url, both, selfSigned.key)).toMatchObject({
      kind: 'answered',
    });
  });
});

describe('what an endpoint says of TLS', () => {
  const certificate = selfSigned.cert;
  const encryptedKey = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: {
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'hidden',
    },
  });

  it('may be nothing', () => {
    expect(readTlsOptions(undefined, undefined)).toEqual({ options: {} });
    expect(readTlsOptions({}, undefined)).toEqual({ options: {} });
  });

  it('may be a certificate with its issuers, behind it', () => {
    expect(
      readTlsOptions(
        { certificate: `# mine\n${certificate}${other.cert}\n` },
        selfSigned.key,
      ),
    ).toEqual({
      options: {
        cert: `${certificate.trim()}\n${other.cert}`,
        key: selfSigned.key,
      },
    });
  });

  it('may be authorities, however they are put together', () => {
    const ca = [other.cert, certificate.trim()];
    for (const authorities of [
      ca.join(''),
      ca.join('\n'),
      `# one\n${ca.join('\r\n# two\r\n')}\n# end\n`,
    ]) {
      expect(readTlsOptions({ authorities }, undefined)).toEqual({
        options: { ca },
      });
    }
  });

  it.each([
    ['a certificate without a key', { certificate }, undefined, 'but no key'],
    ['a key without a certificate', {}, selfSigned.key, 'but no certificate'],
    ['a key alone', undefined, selfSigned.key, 'but no certificate'],
    [
      'the key of another certificate',
      { certificate },
      other.key,
      "is not the key of 'tls.certificate'",
    ],
    [
      'issuers before the certificate',
      { certificate: other.cert + certificate },
      selfSigned.key,
      'the first certificate must be the one to show',
    ],
    [
      'a certificate that is none',
      { certificate: 'hello' },
      selfSigned.key,
      "'tls.certificate' cannot be read",
    ],
    [
      'a key in place of the certificate',
      { certificate: selfSigned.key },
      selfSigned.key,
      "'tls.certificate' cannot be read",
    ],
    [
      'a key that is none',
      { certificate },
      'hello',
      "'secrets.tlsKey' cannot be read",
    ],
    [
      'a public key',
      { certificate },
      encryptedKey.publicKey,
      "'secrets.tlsKey' cannot be read",
    ],
    [
      'a key that is encrypted',
      { certificate },
      encryptedKey.privateKey,
      "'secrets.tlsKey' is encrypted",
    ],
    [
      'authorities that are none',
      { authorities: 'hello' },
      undefined,
      "'tls.authorities' cannot be read",
    ],
    [
      'authorities of which one is none',
      {
        authorities: `${certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      },
      undefined,
      "Certificate 2 of 'tls.authorities' cannot be read",
    ],
    [
      'authorities that were cut',
      { authorities: certificate + other.cert.slice(0, 400) },
      undefined,
      "'tls.authorities' cannot be read",
    ],
    [
      'a key among the authorities',
      { authorities: certificate + selfSigned.key },
      undefined,
      "'tls.authorities' cannot be read",
    ],
    [
      'a certificate whose key is too short',
      { certificate: weak.cert },
      weak.key,
      "The 'tls' of the endpoint cannot be used: ",
    ],
    [
      'issuers that cannot be read',
      {
        certificate: `${certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      },
      selfSigned.key,
      "Certificate 2 of 'tls.certificate' cannot be read",
    ],
  ])('is a problem: %s', (_, tls, tlsKey, problem) => {
    const read = readTlsOptions(tls, tlsKey);
    expect(read).toEqual({ problem: expect.stringContaining(problem) });
    if (tlsKey?.includes('PRIVATE')) {
      const lines = tlsKey.split('\n').filter(line => line.length > 40);
      for (const line of lines) {
        expect(JSON.stringify(read)).not.toContain(line);
      }
    }
  });
});
