import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import {
  ingressExtensionPoint,
  ingressServiceRef,
} from '@callboard/backstage-plugin-events-node';
import { githubServiceRef } from '@callboard/backstage-plugin-github-node';
import { createGithubSource } from './createGithubSource';
import { readGithubSecrets } from './readGithubSecrets';
import { readRecoverySettings, scheduleRecovery } from './recovery';

/**
 * Webhooks of GitHub: checks their signature, posts them as `github` and as `github.<event>`, keeps those of one
 * repository in order, stores a delivery once, and fetches those that did not arrive.
 *
 * @example
 * ```ts
 * backend.add(
 *   import('@callboard/backstage-plugin-events-backend-module-github'),
 * );
 * ```
 *
 * @public
 */
export const eventsModuleGithub = createBackendModule({
  pluginId: 'events',
  moduleId: 'callboard-github',
  register(env) {
    env.registerInit({
      deps: {
        config: coreServices.rootConfig,
        database: coreServices.database,
        github: githubServiceRef,
        ingress: ingressExtensionPoint,
        ingresses: ingressServiceRef,
        lifecycle: coreServices.lifecycle,
        logger: coreServices.logger,
        scheduler: coreServices.scheduler,
      },
      async init({ config, ingress, ...services }) {
        const { logger } = services;
        const secrets = readGithubSecrets(config);
        if (secrets.allowUnauthenticated) {
          logger.warn(
            'Webhooks of GitHub are accepted from anybody, because events.modules.github.dangerouslyAllowUnauthenticatedEvents is set',
          );
        } else if (secrets.generic.length === 0 && secrets.byApp.size === 0) {
          logger.warn(
            'No webhook secret is configured for GitHub, so its webhooks are refused with 403. Set events.modules.github.webhookSecret, or integrations.github[].apps[].webhookSecret.',
          );
        }
        ingress.addIngressSource(createGithubSource(secrets));
        await scheduleRecovery({
          ...services,
          settings: readRecoverySettings(config),
        });
      },
    });
  },
});
