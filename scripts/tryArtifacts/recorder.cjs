// A plugin that knows only the stock events service, and writes down what it is handed.
const { appendFileSync } = require('node:fs');
const {
  coreServices,
  createBackendPlugin,
} = require('@backstage/backend-plugin-api');
const { eventsServiceRef } = require('@backstage/plugin-events-node');

module.exports = createBackendPlugin({
  pluginId: 'recorder',
  register(env) {
    env.registerInit({
      deps: { events: eventsServiceRef, config: coreServices.rootConfig },
      async init({ events, config }) {
        await events.subscribe({
          id: 'all',
          topics: ['github', 'github.push', 'gitlab', 'gitlab.push'],
          async onEvent({ topic, eventPayload, metadata }) {
            appendFileSync(
              config.getString('recorder.file'),
              `${JSON.stringify({
                topic,
                round: metadata['x-round'],
                whole: typeof eventPayload.ref === 'string',
              })}\n`,
            );
          },
        });
      },
    });
  },
});
