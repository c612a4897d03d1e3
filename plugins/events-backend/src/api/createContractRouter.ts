import type { HttpAuthService } from '@backstage/backend-plugin-api';
import type { AsyncApiDocument } from '@callboard/backstage-plugin-events-common';
import type { Router as ExpressRouter } from 'express';
import Router from 'express-promise-router';
import { stringify } from 'yaml';

/**
 * Makes the routes of the contract: `asyncapi.json` and `asyncapi.yaml`, for every user and service.
 *
 * @param options.document - the contract of this instance, as it is now
 */
export function createContractRouter(options: {
  document: () => AsyncApiDocument;
  httpAuth: HttpAuthService;
}): ExpressRouter {
  const { document, httpAuth } = options;
  const router = Router();
  router.get('/asyncapi.json', async (request, response) => {
    await httpAuth.credentials(request, { allow: ['user', 'service'] });
    response.json(document());
  });
  router.get('/asyncapi.yaml', async (request, response) => {
    await httpAuth.credentials(request, { allow: ['user', 'service'] });
    // RFC 9512
    // Paragraphs as they were written: folded, each of their lines would be followed by an empty one.
    const text = stringify(document(), { blockQuote: 'literal' });
    response.type('application/yaml').send(text);
  });
  return router;
}
