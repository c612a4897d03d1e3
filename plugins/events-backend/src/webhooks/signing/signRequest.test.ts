import {
  createKeyPair,
  createSecret,
  parseSigner,
  signRequest,
  type Signer,
} from './index';

const firstBody = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestampSeconds: 1_614_265_330,
  body: Buffer.from('{"test": 2432232314}'),
};
const firstSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const firstSignature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const privateKey =
  'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==';
const asymmetricSignature =
  'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==';

describe('signing a request', () => {
  it.each([
    { ...firstBody, key: firstSecret, signature: firstSignature },
    {
      id: 'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
      timestampSeconds: 1_649_367_553,
      body: Buffer.from('{"email":"test@example.com","username":"test_user"}'),
      key: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
      signature: 'v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=',
    },
    { ...firstBody, key: privateKey, signature: asymmetricSignature },
  ])(
    'gives the known answer $signature, and no other header',
    ({ key, signature, ...message }) => {
      expect(signRequest({ ...message, signers: [parseSigner(key)] })).toEqual({
        'webhook-id': message.id,
        'webhook-timestamp': String(message.timestampSeconds),
        'webhook-signature': signature,
      });
    },
  );

  it('knows the public key of the known private key', () => {
    expect(parseSigner(privateKey)).toMatchObject({
      publicKey: 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=',
    });
  });

  it('gives one signature for each signer, in their order', () => {
    const signers = [privateKey, firstSecret].map(parseSigner);
    const sign = (some: Signer[]) =>
      signRequest({ ...firstBody, signers: some })['webhook-signature'];
    expect(sign(signers)).toBe(`${asymmetricSignature} ${firstSignature}`);
    expect(sign(signers.reverse())).toBe(
      `${firstSignature} ${asymmetricSignature}`,
    );
  });

  it('signs each attempt anew, under the same id', () => {
    for (const key of [createSecret(), createKeyPair().privateKey]) {
      const signers = [parseSigner(key)];
      const first = signRequest({ ...firstBody, signers });
      const second = signRequest({
        ...firstBody,
        timestampSeconds: firstBody.timestampSeconds + 5,
        signers,
      });
      expect(second['webhook-id']).toBe(first['webhook-id']);
      expect(second['webhook-signature']).not.toBe(first['webhook-signature']);
    }
  });

  it.each(['', 'a.b', 'a b', 'a\r\nb', 'é', 'a'.repeat(257)])(
    'refuses the id %j',
    id => {
      const signers = [parseSigner(firstSecret)];
      expect(() => signRequest({ ...firstBody, id, signers })).toThrow(
        "without '.'",
      );
    },
  );

  it.each([-1, 1.5, NaN, Infinity, 2 ** 53])(
    'refuses the timestamp %d',
    timestampSeconds => {
      const signers = [parseSigner(firstSecret)];
      expect(() =>
        signRequest({ ...firstBody, timestampSeconds, signers }),
      ).toThrow('whole seconds since 1970');
    },
  );

  it('refuses to sign without a key, which no receiver could verify', () => {
    expect(() => signRequest({ ...firstBody, signers: [] })).toThrow(
      'without a key',
    );
  });
});
