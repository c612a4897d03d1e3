import { getHashes } from 'node:crypto';
import { readDurationFromConfig, type Config } from '@backstage/config';
import { durationToMilliseconds } from '@backstage/types';
import type { IngressSource } from '@callboard/backstage-plugin-events-node';
import { z } from 'zod';
import { createConfiguredSource } from './createConfiguredSource';

const header = z
  .string()
  .min(1)
  .transform(name => name.toLowerCase());
const missingSecret =
  'is missing or empty; is the environment variable set that it is taken from?';
const secrets = z
  .union(
    [
      z.string().min(1),
      z.array(z.string({ error: missingSecret }).min(1)).min(1),
    ],
    { error: missingSecret },
  )
  .transform(secret => [secret].flat());

const ingressSchema = z
  .strictObject({
    topic: z.string().min(1).max(255),
    hmac: z
      .strictObject({
        secret: secrets,
        header,
        algorithm: z
          .string()
          .default('sha256')
          .refine(name => getHashes().includes(name), {
            error: 'is no hash that this Node.js knows',
          }),
        encoding: z.enum(['hex', 'base64']).default('hex'),
        prefix: z.string().default(''),
      })
      .optional(),
    token: z.strictObject({ secret: secrets, header }).optional(),
    basicAuth: z
      .strictObject({ username: z.string().min(1), password: secrets })
      .optional(),
    keyHeader: header.optional(),
    deduplicationHeader: header.optional(),
  })
  .transform(({ topic, hmac, token, basicAuth, ...rest }, context) => {
    const proofs = [
      hmac && {
        kind: 'hmac' as const,
        header: hmac.header,
        secrets: hmac.secret,
        algorithm: hmac.algorithm,
        encoding: hmac.encoding,
        prefix: hmac.prefix,
      },
      token && {
        kind: 'token' as const,
        header: token.header,
        secrets: token.secret,
      },
      basicAuth && {
        kind: 'basic' as const,
        username: basicAuth.username,
        passwords: basicAuth.password,
      },
    ].filter(proof => proof !== undefined);
    const [proof] = proofs;
    if (proofs.length !== 1) {
      context.addIssue('needs exactly one of hmac, token and basicAuth');
      return z.NEVER;
    }
    return createConfiguredSource({
      topic,
      proof,
      keyHeader: rest.keyHeader,
      deduplicationHeader: rest.deduplicationHeader,
    });
  });

/** What `events.http` says. */
export interface IngressSettings {
  topics: string[];
  sources: IngressSource[];
  maxBodyBytes: number;
  maxHeldBytes: number;
  timeLimitMs: number;
}

const defaultMaxBodyBytes = 25 * 1024 * 1024;
const defaultMaxHeldBytes = 256 * 1024 * 1024;
const defaultTimeLimitMs = 4_000;

/**
 * Reads `events.http`.
 *
 * @throws Error that names the setting and what is wrong with it; never its value, which may be a secret
 */
export function readIngressSettings(config: Config): IngressSettings {
  const entries = z
    .array(ingressSchema)
    .safeParse(config.getOptional('events.http.ingresses') ?? []);
  if (!entries.success) {
    const [issue] = entries.error.issues;
    const place = issue.path
      .map(part =>
        typeof part === 'number' ? `[${part}]` : `.${String(part)}`,
      )
      .join('');
    throw new Error(
      `Invalid configuration: events.http.ingresses${place}: ${issue.message}`,
    );
  }
  const maxBodyBytes =
    config.getOptionalNumber('events.http.maxBodyBytes') ?? defaultMaxBodyBytes;
  if (!Number.isInteger(maxBodyBytes) || maxBodyBytes < 1) {
    throw new Error(
      'Invalid configuration: events.http.maxBodyBytes must be a whole number of bytes above 0',
    );
  }
  const maxHeldBytes =
    config.getOptionalNumber('events.http.maxHeldBytes') ??
    Math.max(defaultMaxHeldBytes, maxBodyBytes);
  if (!Number.isInteger(maxHeldBytes) || maxHeldBytes < maxBodyBytes) {
    throw new Error(
      'Invalid configuration: events.http.maxHeldBytes must be a whole number of bytes, not below events.http.maxBodyBytes',
    );
  }
  const timeLimitMs = config.has('events.http.timeLimit')
    ? durationToMilliseconds(
        readDurationFromConfig(config, { key: 'events.http.timeLimit' }),
      )
    : defaultTimeLimitMs;
  if (!Number.isFinite(timeLimitMs) || timeLimitMs < 1) {
    throw new Error(
      'Invalid configuration: events.http.timeLimit must be a duration of at least 1 ms',
    );
  }
  return {
    topics: config.getOptionalStringArray('events.http.topics') ?? [],
    sources: entries.data,
    maxBodyBytes,
    maxHeldBytes,
    timeLimitMs,
  };
}
