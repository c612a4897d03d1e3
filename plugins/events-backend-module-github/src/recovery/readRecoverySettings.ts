import type { Config } from '@backstage/config';
import { ScmIntegrations } from '@backstage/integration';
import { SettingsReader } from '@callboard/backstage-plugin-events-node/bus';
import { nameTarget, type HookTarget } from './hooks';

/** What `events.modules.github.recovery` says; see `config.d.ts` for the meaning of each. */
export interface RecoverySettings {
  /** Undefined when nobody has said it. */
  enabled: boolean | undefined;
  frequencyMs: number;
  timeoutMs: number;
  /** How many deliveries of one webhook a turn may fetch. */
  maxDeliveries: number;
  /** Where the ingress is, if it is not at its usual path at the host and port of `backend.baseUrl`. */
  url: string | undefined;
  /** Of the backend. */
  baseUrl: string | undefined;
  /** Of organizations and repositories. */
  hooks: HookTarget[];
}

const root = 'events.modules.github.recovery';
const minuteMs = 60_000;

/**
 * Reads and checks the configuration.
 *
 * @throws Error that names the setting and what is wrong with it
 */
export function readRecoverySettings(config: Config): RecoverySettings {
  const reader = new SettingsReader(config);
  const url = config.getOptionalString(`${root}.url`);
  if (url !== undefined && !URL.canParse(url)) {
    throw invalid(`${root}.url must be a URL`);
  }
  const baseUrl = config.getOptionalString('backend.baseUrl');
  if (baseUrl !== undefined && !URL.canParse(baseUrl)) {
    throw invalid('backend.baseUrl must be a URL');
  }
  return {
    enabled: config.getOptionalBoolean(`${root}.enabled`),
    frequencyMs: reader.timer(`${root}.frequency`, 10 * minuteMs, 1_000),
    timeoutMs: reader.timer(`${root}.timeout`, 5 * minuteMs, 1_000),
    maxDeliveries: reader.whole(`${root}.maxDeliveries`, 1_000),
    url,
    baseUrl,
    hooks: readHooks(config),
  };
}

function readHooks(config: Config): HookTarget[] {
  const integrations = ScmIntegrations.fromConfig(config).github;
  const [{ config: first }] = integrations.list();
  const hooks = (config.getOptionalConfigArray(`${root}.hooks`) ?? []).map(
    (hook, index): HookTarget => {
      const key = `${root}.hooks[${index}]`;
      const host = hook.getOptionalString('host') ?? first.host;
      if (!integrations.byHost(host)) {
        throw invalid(
          `${key}.host must be the host of an entry of integrations.github, got '${host}'`,
        );
      }
      const hookId = hook.getOptionalNumber('hookId');
      const organization = hook.getOptionalString('organization');
      const repository = hook.getOptionalString('repository');
      if ((organization === undefined) === (repository === undefined)) {
        throw invalid(`${key} must have one of organization and repository`);
      }
      if (organization !== undefined) {
        return { kind: 'organization', host, organization, hookId };
      }
      const [owner, name, ...more] = repository?.split('/') ?? [];
      if (!owner || !name || more.length > 0) {
        throw invalid(
          `${key}.repository must be an owner and a name, such as acme/site, got '${repository}'`,
        );
      }
      return { kind: 'repository', host, owner, repository: name, hookId };
    },
  );
  const names = hooks.map(nameTarget);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw invalid(`${root}.hooks has ${repeated} twice`);
  }
  return hooks;
}

function invalid(message: string): Error {
  return new Error(`Invalid configuration: ${message}`);
}
