import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import { GithubLocationAnalyzer } from '@backstage/plugin-catalog-backend-module-github';
import {
  catalogAnalysisExtensionPoint,
  catalogProcessingExtensionPoint,
  catalogServiceRef,
} from '@backstage/plugin-catalog-node';
import { catalogScmEventsServiceRef } from '@backstage/plugin-catalog-node/alpha';
import { catalogGithubReadPermission } from '@callboard/backstage-plugin-events-common';
import { durableEventsServiceRef } from '@callboard/backstage-plugin-events-node';
import { githubServiceRef } from '@callboard/backstage-plugin-github-node';
import { createDiagnosisRouter } from './diagnosis';
import { GithubEntityProvider } from './GithubEntityProvider';
import { forgetProviders, openGithubStore, trimHints } from './repositories';
import { findUnknownSettings, readProviderSettings } from './settings';

/** How long what came of events can be looked up, in milliseconds. */
const keepHintsMs = 7 * 86_400_000;

/**
 * Has the catalog follow GitHub by events: a module of the catalog plugin, in the place of
 * `@backstage/plugin-catalog-backend-module-github`.
 *
 * @example
 * ```ts
 * backend.add(import('@callboard/backstage-plugin-catalog-backend-module-github'));
 * ```
 *
 * @public
 */
export const catalogModuleGithub = createBackendModule({
  pluginId: 'catalog',
  moduleId: 'github',
  register(env) {
    env.registerInit({
      deps: {
        analyzers: catalogAnalysisExtensionPoint,
        auth: coreServices.auth,
        catalog: catalogServiceRef,
        config: coreServices.rootConfig,
        database: coreServices.database,
        discovery: coreServices.discovery,
        events: durableEventsServiceRef,
        github: githubServiceRef,
        httpAuth: coreServices.httpAuth,
        httpRouter: coreServices.httpRouter,
        lifecycle: coreServices.lifecycle,
        logger: coreServices.logger,
        permissions: coreServices.permissions,
        permissionsRegistry: coreServices.permissionsRegistry,
        processing: catalogProcessingExtensionPoint,
        scheduler: coreServices.scheduler,
        scmEvents: catalogScmEventsServiceRef,
      },
      async init({ analyzers, auth, catalog, processing, ...services }) {
        const { config, database, lifecycle, scheduler } = services;
        const settings = readProviderSettings(config);
        for (const setting of findUnknownSettings(config)) {
          services.logger.warn(
            `${setting} is no setting of a provider and has no effect; is it misspelled?`,
          );
        }
        const store = await openGithubStore(database);
        // For the page that registers a repository by hand, as the stock module has it.
        analyzers.addScmLocationAnalyzer(
          new GithubLocationAnalyzer({ config, auth, catalog }),
        );
        const providers = settings.map(
          each => new GithubEntityProvider(each, { ...services, store }),
        );
        processing.addEntityProvider(providers);
        services.permissionsRegistry.addPermissions([
          catalogGithubReadPermission,
        ]);
        services.httpRouter.use(
          createDiagnosisRouter({ ...services, auth, store, settings }),
        );
        lifecycle.addShutdownHook(async () => {
          await Promise.all(providers.map(provider => provider.stop()));
        });
        // Not before the catalog has migrated its tables: on SQLite there is one connection for both.
        lifecycle.addStartupHook(() =>
          scheduler.scheduleTask({
            id: 'callboard-github-trim-hints',
            frequency: { hours: 1 },
            timeout: { minutes: 5 },
            initialDelay: { minutes: 1 },
            fn: async () => {
              const nowMs = Date.now();
              await forgetProviders(
                store,
                nowMs - keepHintsMs,
                settings.map(({ name }) => name),
              );
              await trimHints(store, nowMs - keepHintsMs);
            },
          }),
        );
      },
    });
  },
});
