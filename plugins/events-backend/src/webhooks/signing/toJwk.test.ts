import { createPublicKey, verify } from 'node:crypto';
import {
  createKeyPair,
  parseSigner,
  signRequest,
  toJwk,
  type Ed25519Signer,
} from './index';

function parsePrivateKey(text: string): Ed25519Signer {
  const signer = parseSigner(text);
  if (signer.version !== 'v1a') {
    throw new Error('Not a private key');
  }
  return signer;
}

describe('the JWK of a signer', () => {
  it('is that of RFC 8037, appendix A, with its thumbprint for a name', () => {
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
    const privateKey = Buffer.concat([
      Buffer.from('nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A', 'base64url'),
      Buffer.from(x, 'base64url'),
    ]).toString('base64');
    // All there is: nothing of the private key.
    expect(toJwk(parsePrivateKey(`whsk_${privateKey}`))).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      x,
      kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
      use: 'sig',
    });
  });

  it('is a key that verifies what the signer signs', () => {
    const signer = parsePrivateKey(createKeyPair().privateKey);
    const headers = signRequest({
      id: 'a',
      timestampSeconds: 1,
      body: Buffer.from('body'),
      signers: [signer],
    });
    const [, signature] = headers['webhook-signature'].split(',');
    const key = createPublicKey({ format: 'jwk', key: { ...toJwk(signer) } });
    expect(
      verify(
        null,
        Buffer.from('a.1.body'),
        key,
        Buffer.from(signature, 'base64'),
      ),
    ).toBe(true);
  });
});
