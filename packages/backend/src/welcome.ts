import {
  coreServices,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { stringifyEntityRef } from '@backstage/catalog-model';
import {
  durableEventsServiceRef,
  entityChanges,
} from '@callboard/backstage-plugin-events-node';

/** Where the commands look unless they are told. */
const usualUrl = 'http://localhost:7007';

/** Subscribes to webhooks of GitHub and to changes of the catalog, and says at start what to try. */
export default createBackendPlugin({
  pluginId: 'welcome',
  register(env) {
    env.registerInit({
      deps: {
        config: coreServices.rootConfig,
        events: durableEventsServiceRef,
        lifecycle: coreServices.rootLifecycle,
        logger: coreServices.logger,
      },
      async init({ config, events, lifecycle, logger }) {
        await events.subscribe({
          id: 'pushes',
          topics: ['github.push'],
          async onEvent({ metadata }) {
            logger.info(
              `A push has arrived: event ${metadata?.['callboard-event-id']}`,
            );
          },
        });
        await events.subscribe({
          id: 'entities',
          topics: [entityChanges()],
          async onEvent({ eventPayload: { action, entity, changedPaths } }) {
            const paths = changedPaths ? `: ${changedPaths.join(', ')}` : '';
            logger.info(
              `The entity ${stringifyEntityRef(entity)} was ${action}${paths}`,
            );
          },
        });
        lifecycle.addStartupHook(() => {
          const url = config.getString('app.baseUrl');
          const setting = url === usualUrl ? '' : `PORTAL_URL=${url} `;
          logger.info(`The portal is up at ${url}. Try, in another terminal:

    ${setting}npm run send-push      posts a push of GitHub, signed; answers 202
    ${setting}npm run show-events    lists the newest events, and who got them

Then kill this process without mercy, start it again as you did now, and look once more:

    kill -9 ${process.pid}
`);
        });
      },
    });
  },
});
