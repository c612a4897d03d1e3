import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import { CustomErrorBase } from '@backstage/errors';
import { z } from 'zod';
import { readSigningKeys, type EndpointRow } from './endpointRow';
import { jsonOf } from './readRows';
import type { SecretVault } from './SecretVault';
import { firstEnd, type HeldKey } from './signingKeys';

/** What the pool keeps of the secrets of an endpoint. */
export interface HeldSecrets {
  keys: readonly HeldKey[];
  headers: Readonly<Record<string, string>>;
  password: string | undefined;
  clientSecret: string | undefined;
  tlsKey: string | undefined;
}

/** What is sealed, as JSON. Strict: a version that does not know a secret must not drop it when it changes another. */
const sealedSchema = jsonOf(
  z.strictObject({
    signing: z.array(z.strictObject({ id: z.string(), key: z.string() })),
    headers: z.record(z.string(), z.string()),
    password: z.string().optional(),
    clientSecret: z.string().optional(),
    tlsKey: z.string().optional(),
  }),
);

/** The columns that hold secrets, and what may be shown of them. */
type SecretColumns = Pick<
  EndpointRow,
  'signing_keys' | 'keys_end_at' | 'secret_headers' | 'secrets'
>;

/** Seals the secrets of an endpoint. */
export function sealSecrets(
  vault: SecretVault,
  endpointId: string,
  secrets: HeldSecrets,
): SecretColumns {
  const { keys, headers, password, clientSecret, tlsKey } = secrets;
  const content: z.input<typeof sealedSchema> = JSON.stringify({
    signing: keys.map(({ id, key }) => ({ id, key })),
    headers,
    password,
    clientSecret,
    tlsKey,
  } satisfies z.output<typeof sealedSchema>);
  return {
    signing_keys: JSON.stringify(
      keys.map(({ key: _, ...description }) => description),
    ),
    keys_end_at: firstEnd(keys) ?? null,
    secret_headers: JSON.stringify(Object.keys(headers)),
    secrets: vault.seal(content, endpointId),
  };
}

/**
 * Opens the secrets of an endpoint.
 *
 * @throws UnreadableSecretsError when they cannot be opened
 * @throws UnreadableEndpointError when its keys cannot be read
 */
export function openSealed(
  vault: SecretVault,
  row: Pick<EndpointRow, 'id' | 'signing_keys' | 'secrets'>,
): HeldSecrets {
  const parsed = sealedSchema.safeParse(open(vault, row));
  if (!parsed.success) {
    // Not the issues themselves: they may hold a secret.
    throw new UnreadableSecretsError(
      `The secrets of endpoint '${row.id}' cannot be read. Were they written by another version of Callboard? Run that one`,
    );
  }
  const { signing, headers, password, clientSecret, tlsKey } = parsed.data;
  const keys = readSigningKeys(row).flatMap(description => {
    const secret = signing.find(({ id }) => id === description.id);
    return secret ? [{ ...description, key: secret.key }] : [];
  });
  return { keys, headers, password, clientSecret, tlsKey };
}

function open(
  vault: SecretVault,
  { id, secrets }: Pick<EndpointRow, 'id' | 'secrets'>,
): string {
  try {
    return vault.open(secrets ?? '', id);
  } catch (error) {
    throw new UnreadableSecretsError(
      error instanceof Error ? error.message : String(error),
    );
  }
}

/**
 * Opens the secrets that a change leaves as they are.
 *
 * @returns undefined when they cannot be opened, and need not be: the change gives all of them anew
 * @throws as `openSealed`, when they need to be
 */
export function openUnlessReplaced(
  vault: SecretVault,
  row: Pick<EndpointRow, 'id' | 'signing_keys' | 'secrets'>,
  settings: Pick<EndpointSettings, 'auth' | 'tls'>,
  given: EndpointSecrets,
): HeldSecrets | undefined {
  try {
    return openSealed(vault, row);
  } catch (error) {
    if (
      error instanceof UnreadableSecretsError &&
      findMissingSecrets(settings, given).length === 0
    ) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Finds what is missing to take the place of all secrets of an endpoint, whatever they were.
 *
 * @returns names of secrets; those of headers too, since nobody knows whether there were any
 */
export function findMissingSecrets(
  { auth, tls }: Pick<EndpointSettings, 'auth' | 'tls'>,
  given: EndpointSecrets,
): string[] {
  const needed = {
    signing: true,
    headers: true,
    password: auth?.type === 'basic',
    clientSecret: auth?.type === 'oauth2',
    tlsKey: tls?.certificate !== undefined,
  } satisfies Record<keyof EndpointSecrets, boolean>;
  const names = new Set(
    Object.entries(given).flatMap(([name, value]) =>
      value === undefined ? [] : [name],
    ),
  );
  return Object.entries(needed).flatMap(([name, isNeeded]) =>
    isNeeded && !names.has(name) ? [`secrets.${name}`] : [],
  );
}

/** Answered with 409: the secrets of an endpoint cannot be opened, which a change that gives all of them anew mends. */
export class UnreadableSecretsError extends CustomErrorBase {
  name = 'UnreadableSecretsError' as const;
  readonly statusCode = 409;

  /** @param reason - with a remedy, without a full stop and without any part of a secret */
  constructor(reason: string) {
    super(
      `${reason}. Otherwise change the endpoint and give all of its secrets anew, secrets.signing and secrets.headers too, or remove it`,
    );
  }
}

/**
 * Puts the secrets that are given in the place of those that are held; the keys are another matter. What the settings have
 * no use for goes.
 */
export function replaceSecrets(
  { auth, tls }: Pick<EndpointSettings, 'auth' | 'tls'>,
  held: HeldSecrets | undefined,
  given: EndpointSecrets,
): Omit<HeldSecrets, 'keys'> {
  return {
    headers: given.headers ?? held?.headers ?? {},
    password:
      auth?.type === 'basic' ? given.password ?? held?.password : undefined,
    clientSecret:
      auth?.type === 'oauth2'
        ? given.clientSecret ?? held?.clientSecret
        : undefined,
    tlsKey:
      tls?.certificate === undefined ? undefined : given.tlsKey ?? held?.tlsKey,
  };
}
