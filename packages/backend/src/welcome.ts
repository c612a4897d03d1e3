import {
  coreServices,
  createBackendPlugin,
  type RootConfigService,
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
${describeDemo(config)}
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

/** What can be done with the repositories of npm start -- --demo, if this is one. */
function describeDemo(config: RootConfigService): string {
  const github = config.getOptionalString('demo.github.url');
  if (github === undefined) {
    return '';
  }
  const directory = process.env.DEMO_DIRECTORY;
  const command = `${
    directory ? `DEMO_DIRECTORY=${directory} ` : ''
  }npm run demo:`;
  return `
    ${command}push                   changes a description in a repository at ${github}, pushes it,
                                    and waits until the catalog shows it
    ${command}push -- --revert       takes that back
    ${command}push -- --lose         has the webhook fail on its way: the portal finds it in GitHub's delivery log
    ${command}rename web-shop shop   renames a repository
    ${command}archive store-finder   archives one; the catalog drops its component
    ${command}transfer gift-cards    gives one away, of which GitHub tells nobody
    ${command}scan                   finds what no webhook told of
`;
}
