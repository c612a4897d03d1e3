import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import {
  DirectoryPreparer,
  Publisher,
  TechdocsGenerator,
  techdocsGeneratorExtensionPoint,
  techdocsPreparerExtensionPoint,
  techdocsPublisherExtensionPoint,
  UrlPreparer,
} from '@backstage/plugin-techdocs-node';
import { durableEventsServiceRef } from '@callboard/backstage-plugin-events-node';
import { createCiHandler } from './ci';
import { BuildFollower, type FollowedParts } from './following';
import { readSettings } from './settings';
import { BuildTeller } from './telling';

/** What CI posts of its builds; an ingress of this name lets it in. */
const ciTopic = 'techdocs.build';

/**
 * Tells of builds of documentation: a module of the techdocs plugin.
 *
 * @example
 * ```ts
 * backend.add(import('@callboard/backstage-plugin-techdocs-backend-module-events'));
 * ```
 *
 * @public
 */
export const techdocsModuleEvents = createBackendModule({
  pluginId: 'techdocs',
  moduleId: 'callboard-events',
  register(env) {
    env.registerInit({
      deps: {
        preparers: techdocsPreparerExtensionPoint,
        generator: techdocsGeneratorExtensionPoint,
        publisher: techdocsPublisherExtensionPoint,
        events: durableEventsServiceRef,
        config: coreServices.rootConfig,
        discovery: coreServices.discovery,
        lifecycle: coreServices.lifecycle,
        logger: coreServices.logger,
        reader: coreServices.urlReader,
      },
      async init({ preparers, generator, publisher, events, ...services }) {
        const { config, discovery, lifecycle, logger, reader } = services;
        const { parts, ci } = readSettings(config);
        const teller = new BuildTeller({ events, logger });
        lifecycle.addShutdownHook(() => teller.stop());
        const follower = new BuildFollower({ parts, tell: teller.tell });

        if (parts.preparers) {
          const url = UrlPreparer.fromConfig({ logger, reader });
          const dir = DirectoryPreparer.fromConfig(config, { logger, reader });
          follower.followPreparer(url);
          follower.followPreparer(dir);
          take('preparers', () => {
            preparers.registerPreparer('url', url);
            preparers.registerPreparer('dir', dir);
          });
        }
        if (parts.generator) {
          const stock = TechdocsGenerator.fromConfig(config, { logger });
          follower.followGenerator(stock);
          take('generator', () => generator.setTechdocsGenerator(stock));
        }
        if (parts.publisher) {
          const stock = await Publisher.fromConfig(config, {
            logger,
            discovery,
          });
          follower.followPublisher(stock);
          // The type is not looked at: TechDocs uses the publisher that it is given, whatever is configured.
          take('publisher', () => publisher.registerPublisher('local', stock));
        }
        if (!parts.preparers && !parts.publisher) {
          logger.warn(
            'Nothing is told of the builds of TechDocs: techdocs.events.preparers and techdocs.events.publisher are both false',
          );
        }

        if (ci.enabled) {
          await events.subscribe({
            id: 'ci-builds',
            topics: [ciTopic],
            onEvent: createCiHandler({ events, logger }),
          });
        }
      },
    });
  },
});

function take(part: keyof FollowedParts, register: () => void): void {
  try {
    register();
  } catch (error) {
    throw new Error(
      `Another module has taken the ${part} of TechDocs already. Set techdocs.events.${part}: false; the README of @callboard/backstage-plugin-techdocs-backend-module-events says what is told of builds then`,
      { cause: error },
    );
  }
}
