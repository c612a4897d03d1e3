import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import { ingressExtensionPoint } from '@callboard/backstage-plugin-events-node';
import { createGithubSource } from './createGithubSource';
import { readGithubSecrets } from './readGithubSecrets';

/**
 * Webhooks of GitHub: checks their signature, posts them as `github` and as `github.<event>`, keeps those of one
 * repository in order, and stores a delivery once.
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
        ingress: ingressExtensionPoint,
        logger: coreServices.logger,
      },
      async init({ config, ingress, logger }) {
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
      },
    });
  },
});
