import { NotFoundError } from '@backstage/errors';
import { endpointIdSchema } from '@callboard/backstage-plugin-events-common';
import type { Router as ExpressRouter } from 'express';
import Router from 'express-promise-router';
import { z } from 'zod';
import type { EndpointPool } from '../../endpoints';
import { parseInput } from '../../model/parseInput';
import type { EndpointDoor } from './EndpointDoor';

const params = z.object({ id: endpointIdSchema });

/**
 * A key that is rotated out is signed with beside the new one for a day, unless somebody asks for less; a receiver that
 * keeps the keys for minutes knows the new one long before.
 */
const maxAgeSeconds = 300;

/**
 * Makes the route that gives receivers the public keys of an endpoint: `/<id>.json`, a JSON Web Key Set (RFC 7517). It
 * asks for no credentials, and stands under a path of its own, so that it can be opened to everybody without anything else.
 */
export function createJwksRouter(options: {
  endpoints: Pick<EndpointPool, 'read'>;
  door: Pick<EndpointDoor, 'jwks'>;
}): ExpressRouter {
  const { endpoints, door } = options;
  const router = Router();
  router.get('/:id.json', async (request, response) => {
    const { id } = parseInput(params, request.params);
    const endpoint = await endpoints.read(id);
    const keys = endpoint && door.jwks(endpoint);
    // Whoever asks does not learn which endpoints there are besides.
    if (!keys || keys.keys.length === 0) {
      throw new NotFoundError(`There is no endpoint '${id}' with public keys`);
    }
    response.set('Cache-Control', `public, max-age=${maxAgeSeconds}`);
    response.type('application/jwk-set+json').send(JSON.stringify(keys));
  });
  return router;
}
