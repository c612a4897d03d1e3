import type { Config } from '@backstage/config';
import { ScmIntegrations } from '@backstage/integration';

/** With what webhooks of GitHub may be signed. */
export interface GithubSecrets {
  /** Of hooks of organizations and repositories, and of any app; several while one is being replaced. */
  generic: string[];
  /** Of GitHub Apps, by the app's id. */
  byApp: ReadonlyMap<string, string[]>;
  /** Whether anybody may post: for a portal on one's own machine. */
  allowUnauthenticated: boolean;
}

const root = 'events.modules.github';

/**
 * Reads `events.modules.github`, and the secrets of the apps of `integrations.github`.
 *
 * @throws Error that names the setting when it has no valid value; never its value
 */
export function readGithubSecrets(config: Config): GithubSecrets {
  const byApp = new Map<string, string[]>();
  for (const integration of ScmIntegrations.fromConfig(config).github.list()) {
    for (const { appId, webhookSecret } of integration.config.apps ?? []) {
      // Two hosts may give the same id to different apps; any of their secrets may match.
      if (webhookSecret) {
        const id = String(appId);
        byApp.set(id, [...(byApp.get(id) ?? []), webhookSecret]);
      }
    }
  }
  return {
    generic: readSecrets(config),
    byApp,
    allowUnauthenticated:
      config.getOptionalBoolean(
        `${root}.dangerouslyAllowUnauthenticatedEvents`,
      ) ?? false,
  };
}

function readSecrets(config: Config): string[] {
  const current = config.getOptionalString(`${root}.webhookSecret`);
  const previous =
    config.getOptionalStringArray(`${root}.previousWebhookSecrets`) ?? [];
  return current === undefined ? previous : [current, ...previous];
}
