import type { IncomingMessage } from 'node:http';
import {
  coreServices,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';

/**
 * Makes a plugin whose ingress does nothing: what the framework alone can do.
 *
 * @param options.readsBody - whether it takes the body in before it answers
 */
export function createEmptyPlugin(options: { readsBody: boolean }) {
  return createBackendPlugin({
    pluginId: 'events',
    register(env) {
      env.registerInit({
        deps: { httpRouter: coreServices.httpRouter },
        async init({ httpRouter }) {
          httpRouter.use(async (request, response, next) => {
            if (request.method !== 'POST' || request.path !== '/http/github') {
              next();
              return;
            }
            if (options.readsBody) {
              await readBody(request);
            }
            response.status(202).json({ status: 'accepted' });
          });
          httpRouter.addAuthPolicy({ path: '/http', allow: 'unauthenticated' });
        },
      });
    },
  });
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}
