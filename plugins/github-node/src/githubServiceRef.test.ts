import {
  createBackendModule,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { mockServices, startTestBackend } from '@backstage/backend-test-utils';
import { githubServiceRef, type GithubService } from '.';

it('is one for all plugins and modules of a process', async () => {
  const given: GithubService[] = [];
  const options = {
    deps: { github: githubServiceRef },
    async init({ github }: { github: GithubService }) {
      given.push(github);
    },
  };
  const backend = await startTestBackend({
    features: [
      mockServices.rootConfig.factory({
        data: { integrations: { github: [{ host: 'github.com' }] } },
      }),
      createBackendPlugin({
        pluginId: 'one',
        register: env => env.registerInit(options),
      }),
      createBackendPlugin({
        pluginId: 'two',
        register: env => env.registerInit(options),
      }),
      createBackendModule({
        pluginId: 'two',
        moduleId: 'more',
        register: env => env.registerInit(options),
      }),
    ],
  });

  expect(given).toHaveLength(3);
  expect(new Set(given).size).toBe(1);
  expect(given[0].listApps()).toEqual([]);
  await backend.stop();
});
