import { randomUUID } from 'node:crypto';
import type { SignatureVersion } from '@callboard/backstage-plugin-events-common';
import { InputError } from '@backstage/errors';
import type { SigningKey } from './Endpoint';

/*
 * Which keys an endpoint signs with. Of each version that its settings ask for, the newest key stays; older ones that were
 * rotated out end at a time. Newest first, always.
 */

/** A signing key, with the key. */
export interface HeldKey extends SigningKey {
  /** `whsec_` or `whsk_`, and base64. */
  key: string;
}

/** What may be known of a key that its text does not show. */
export type KeyDescription = Pick<SigningKey, 'version'> & {
  /** `whpk_` and base64, of a `v1a` key. */
  publicKey?: string;
};

/** Makes keys, and tells what a key is. Whoever signs knows how; the pool is given it. */
export interface KeyMaker {
  create(version: SignatureVersion): { key: string; publicKey?: string };
  /** @throws InputError that holds no part of the key, when it is none */
  read(key: string): KeyDescription;
}

/** Rotated keys that are kept of one version; Svix keeps as many. */
export const maxOldKeys = 10;

/**
 * Makes the given keys the keys of an endpoint. Those that it had before keep their names; none of them ends.
 *
 * @param given - newest first
 * @param signatures - the versions that the endpoint signs with
 * @throws InputError that names the place of a key which is none, or is of a version that the endpoint does not sign with
 */
export function takeKeys(
  given: readonly string[],
  context: {
    held: readonly HeldKey[];
    signatures: readonly SignatureVersion[];
    maker: KeyMaker;
    nowMs: number;
  },
): HeldKey[] {
  const { held, signatures, maker, nowMs } = context;
  return [...new Set(given)].map(key => {
    const description = maker.read(key);
    const place = `secrets.signing[${given.indexOf(key)}]`;
    if (!signatures.includes(description.version)) {
      throw new InputError(
        `${place} is a key of ${
          description.version
        }, and the endpoint signs with ${signatures.join(
          ' and ',
        )}: leave it out, or add its version to signatures`,
      );
    }
    const known = held.find(each => each.key === key);
    return known
      ? { ...known, expiresAtMs: undefined }
      : nameKey(key, description, nowMs);
  });
}

/**
 * Fits the keys to the versions that the endpoint signs with: drops those of others, and makes one where a version has
 * none.
 *
 * @returns the keys, and what receivers are to be given of those that were made: the secret of `v1`, the public key of
 * `v1a`
 */
export function fitKeys(
  held: readonly HeldKey[],
  context: {
    signatures: readonly SignatureVersion[];
    maker: KeyMaker;
    nowMs: number;
  },
): { keys: HeldKey[]; made: string[] } {
  const { signatures, maker, nowMs } = context;
  const kept = withoutEnded(held, nowMs).filter(({ version }) =>
    signatures.includes(version),
  );
  const made = [...new Set(signatures)]
    .filter(version => !kept.some(key => key.version === version))
    .map(version => makeKey(version, maker, nowMs));
  return { keys: [...made, ...kept], made: made.map(showKey) };
}

/** Makes a key. */
export function makeKey(
  version: SignatureVersion,
  maker: KeyMaker,
  nowMs: number,
): HeldKey {
  const { key, publicKey } = maker.create(version);
  return nameKey(key, { version, publicKey }, nowMs);
}

/** Gives a key its name. */
export function nameKey(
  key: string,
  { version, publicKey }: KeyDescription,
  nowMs: number,
): HeldKey {
  return { ...describeKey({ version, publicKey }, nowMs), key };
}

/** What receivers are to be given of a key: the secret of `v1`, the public key of `v1a`. */
export function showKey({ key, publicKey }: HeldKey): string {
  return publicKey ?? key;
}

/**
 * Puts a new key first. Those of its version that it takes the place of end after the overlap, or before if they were to
 * end before; of more than ten the oldest end at once.
 */
export function rotateKeys(
  held: readonly HeldKey[],
  newest: HeldKey,
  overlapMs: number,
  nowMs: number,
): HeldKey[] {
  const endsAtMs = nowMs + overlapMs;
  const alive = withoutEnded(held, nowMs);
  const others = alive.filter(({ version }) => version !== newest.version);
  const old = alive
    .filter(({ version }) => version === newest.version)
    .map(key => ({
      ...key,
      expiresAtMs: Math.min(key.expiresAtMs ?? endsAtMs, endsAtMs),
    }));
  const kept = withoutEnded(old, nowMs).slice(0, maxOldKeys);
  return [newest, ...kept, ...others];
}

/** Leaves out the keys that have ended. */
export function withoutEnded<T extends Pick<SigningKey, 'expiresAtMs'>>(
  keys: readonly T[],
  nowMs: number,
): T[] {
  return keys.filter(
    ({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs,
  );
}

/** When the first of the keys ends, in milliseconds since the epoch; undefined for never. */
export function firstEnd(
  keys: readonly Pick<SigningKey, 'expiresAtMs'>[],
): number | undefined {
  const ends = keys.flatMap(({ expiresAtMs }) => expiresAtMs ?? []);
  return ends.length > 0 ? Math.min(...ends) : undefined;
}

/**
 * Names the keys that the configuration declares, of which the pool sees no more than may be shown. A key that was there
 * before keeps its name: a `v1a` key is known by its public key, and `v1` keys are counted from the oldest on, since new
 * ones are put first.
 *
 * @param before - newest first, as `declared` is
 */
export function nameDeclaredKeys(
  before: readonly SigningKey[],
  declared: readonly KeyDescription[],
  nowMs: number,
): SigningKey[] {
  const left = [...before];
  return declared
    .toReversed()
    .map(description => {
      const place = left.findLastIndex(
        ({ version, publicKey }) =>
          version === description.version &&
          publicKey === description.publicKey,
      );
      const [known] = place < 0 ? [] : left.splice(place, 1);
      return known ?? describeKey(description, nowMs);
    })
    .toReversed();
}

function describeKey(
  { version, publicKey }: KeyDescription,
  nowMs: number,
): SigningKey {
  return {
    id: randomUUID(),
    version,
    createdAtMs: nowMs,
    expiresAtMs: undefined,
    publicKey,
  };
}
