import {
  coreServices,
  createServiceFactory,
  createServiceRef,
} from '@backstage/backend-plugin-api';
import { GithubService } from './GithubService';

/**
 * Asks GitHub. All plugins and modules of a process share it, and with it budgets and tokens.
 *
 * @example
 * ```ts
 * deps: { github: githubServiceRef },
 * async init({ github }) {
 *   const client = github.forOwner({ host: 'github.com', owner: 'acme' });
 *   const { data } = await client.get({
 *     path: '/repos/acme/site',
 *     schema: z.object({ default_branch: z.string() }),
 *   });
 * }
 * ```
 *
 * @public
 */
export const githubServiceRef = createServiceRef<GithubService>({
  id: 'callboard.github',
  scope: 'root',
  defaultFactory: async service =>
    createServiceFactory({
      service,
      deps: {
        config: coreServices.rootConfig,
        logger: coreServices.rootLogger,
      },
      factory: options => new GithubService(options),
    }),
});
