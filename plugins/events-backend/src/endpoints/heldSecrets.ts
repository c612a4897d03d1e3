import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
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
 * @throws Error with the remedy, when they cannot be opened, or do not belong to its keys
 */
export function openSealed(
  vault: SecretVault,
  row: Pick<EndpointRow, 'id' | 'signing_keys' | 'secrets'>,
): HeldSecrets {
  const parsed = sealedSchema.safeParse(vault.open(row.secrets ?? '', row.id));
  if (!parsed.success) {
    // Not the issues themselves: they may hold a secret.
    throw new Error(
      `The secrets of endpoint '${row.id}' cannot be read. Were they written by another version of Callboard? Run that one, or give the endpoint new secrets`,
    );
  }
  const { signing, headers, password, clientSecret, tlsKey } = parsed.data;
  const keys = readSigningKeys(row).flatMap(description => {
    const secret = signing.find(({ id }) => id === description.id);
    return secret ? [{ ...description, key: secret.key }] : [];
  });
  return { keys, headers, password, clientSecret, tlsKey };
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
