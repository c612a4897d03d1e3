import type { Config } from '@backstage/config';
import type { SettingsReader } from '@callboard/backstage-plugin-events-node/bus';
import {
  endpointIdSchema,
  endpointSecretsSchema,
  endpointSettingsSchema,
  type EndpointSecrets,
  type EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import { z } from 'zod';
import { explainIssue } from './model/parseInput';
import { parseUrl } from './model/parseUrl';
import type { ProxyOptions } from './webhooks';

/** An endpoint that the configuration declares. */
export interface ConfiguredEndpoint {
  id: string;
  settings: EndpointSettings;
  secrets: EndpointSecrets & { signing: string[] };
}

/** What `events.webhooks` says; see `config.d.ts` for the meaning of each. */
export interface WebhookSettings {
  allow: string[];
  allowHttp: boolean;
  encryptionKeys: string[];
  proxy: ProxyOptions | undefined;
  /** What the `source` of CloudEvents begins with. */
  source: string | undefined;
  keepAttemptsMs: number;
  disableAfterMs: number;
  endpoints: ConfiguredEndpoint[];
}

const day = 24 * 3_600_000;
const key = 'events.webhooks';

const declaredSchema = endpointSettingsSchema.extend({
  secrets: endpointSecretsSchema.required({ signing: true }),
});

/**
 * Reads how webhooks are sent, and which endpoints the configuration declares.
 *
 * @throws Error that names the setting and what is wrong with it, without any part of a secret
 */
export function readWebhookSettings(
  config: Config,
  reader: SettingsReader,
): WebhookSettings {
  const webhooks = config.getOptionalConfig(key);
  return {
    allow: webhooks?.getOptionalStringArray('allow') ?? [],
    allowHttp: webhooks?.getOptionalBoolean('allowHttp') ?? false,
    encryptionKeys: webhooks?.getOptionalStringArray('encryptionKeys') ?? [],
    proxy: readProxy(webhooks?.getOptionalConfig('proxy')),
    source:
      webhooks?.getOptionalString('source') ??
      config.getOptionalString('app.baseUrl'),
    keepAttemptsMs: reader.duration(`${key}.keepAttempts`, 30 * day),
    disableAfterMs: reader.duration(`${key}.disableAfter`, 5 * day),
    endpoints: Object.entries(webhooks?.getOptional('endpoints') ?? {}).map(
      ([id, declared]) => readEndpoint(id, declared),
    ),
  };
}

function readProxy(proxy: Config | undefined): ProxyOptions | undefined {
  if (!proxy) {
    return undefined;
  }
  const url = proxy.getString('url');
  const parsed = parseUrl(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw new Error(
      `Invalid configuration: ${key}.proxy.url must be a URL with http or https`,
    );
  }
  if (parsed.username || parsed.password) {
    // Of these settings only `password` is kept from whoever may look at the configuration.
    throw new Error(
      `Invalid configuration: ${key}.proxy.url must hold no credentials: set ${key}.proxy.username and ${key}.proxy.password instead`,
    );
  }
  const username = proxy.getOptionalString('username');
  const password = proxy.getOptionalString('password');
  return {
    url,
    ...(username !== undefined && {
      authorization: `Basic ${Buffer.from(
        `${username}:${password ?? ''}`,
      ).toString('base64')}`,
    }),
  };
}

function readEndpoint(id: string, declared: unknown): ConfiguredEndpoint {
  const place = `${key}.endpoints.${id}`;
  const { error: idError } = endpointIdSchema.safeParse(id);
  if (idError) {
    throw new Error(
      `Invalid configuration: ${place}: the id ${idError.issues[0].message}`,
    );
  }
  if (!signedSchema.safeParse(declared).success) {
    throw new Error(
      `Invalid configuration: ${place}: secrets.signing is missing: a list of the keys to sign with, the newest first. Make one with: echo "whsec_$(openssl rand -base64 32)"`,
    );
  }
  const { data, error } = declaredSchema.safeParse(declared, {
    error: explainIssue,
  });
  if (error) {
    throw new Error(`Invalid configuration: ${place}: ${describe(error)}`);
  }
  const { secrets, ...settings } = data;
  return { id, settings, secrets };
}

const signedSchema = z.object({
  secrets: z.object({ signing: z.array(z.unknown()).min(1) }),
});

/** Places and problems; messages of zod hold no values. */
function describe({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => [path.join('.'), message])
    .map(([path, message]) => (path ? `${path}: ${message}` : message))
    .join('; ');
}
