import express, { type Router as ExpressRouter } from 'express';
import Router from 'express-promise-router';
import { addAttemptRoutes } from './addAttemptRoutes';
import { addDiagnosisRoutes } from './addDiagnosisRoutes';
import { addEndpointRoutes } from './addEndpointRoutes';
import { addReplayRoutes } from './addReplayRoutes';
import { addStateRoutes } from './addStateRoutes';
import { addTrialRoutes } from './addTrialRoutes';
import type { EndpointApi } from './EndpointApiOptions';
import { answerFailedConditions } from './revisions';

/** All that an endpoint may be given is somewhat less, most of it authorities to trust. */
const maxRequestBytes = 500_000;

/**
 * Makes the router behind `/v1/endpoints`.
 *
 * @remarks
 * Each route asks for its permission first. `endpointPaths` describes them all.
 */
export function createEndpointRouter(api: EndpointApi): ExpressRouter {
  const router = Router();
  router.use(express.json({ limit: maxRequestBytes }));
  addEndpointRoutes(router, api);
  addStateRoutes(router, api);
  addTrialRoutes(router, api);
  addAttemptRoutes(router, api);
  addReplayRoutes(router, api);
  addDiagnosisRoutes(router, api);
  router.use(answerFailedConditions);
  return router;
}
