export { createKeyPair, createSecret } from './createKeys';
export { parseSigner, type Ed25519Signer, type Signer } from './parseSigner';
export { signRequest, type SignatureHeaders } from './signRequest';
export { toJwk, type Ed25519Jwk } from './toJwk';
