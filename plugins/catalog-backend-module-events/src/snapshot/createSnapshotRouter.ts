import type {
  AuditorService,
  HttpAuthService,
  PermissionsService,
} from '@backstage/backend-plugin-api';
import { ConflictError, NotAllowedError } from '@backstage/errors';
import { AuthorizeResult } from '@backstage/plugin-permission-common';
import { catalogSnapshotCreatePermission } from '@callboard/backstage-plugin-events-common';
import type { Router as ExpressRouter } from 'express';
import Router from 'express-promise-router';
import type { Snapshot } from '../capture';

/**
 * Makes the route `POST /events/snapshots`, which tells subscribers of everything that the catalog has.
 *
 * @param options.snapshot - writes it into the outbox
 */
export function createSnapshotRouter(options: {
  snapshot: () => Promise<Snapshot>;
  httpAuth: HttpAuthService;
  permissions: PermissionsService;
  auditor: AuditorService;
}): ExpressRouter {
  const { snapshot, httpAuth, permissions, auditor } = options;
  const router = Router();
  let isAtIt = false;
  router.post('/events/snapshots', async (request, response) => {
    const credentials = await httpAuth.credentials(request, {
      allow: ['user', 'service'],
    });
    const permission = catalogSnapshotCreatePermission;
    const [{ result }] = await permissions.authorize([{ permission }], {
      credentials,
    });
    if (result !== AuthorizeResult.ALLOW) {
      throw new NotAllowedError(`Needs the permission ${permission.name}`);
    }
    if (isAtIt) {
      throw new ConflictError('A snapshot is being taken already');
    }
    const audited = await auditor.createEvent({
      eventId: 'events-snapshot',
      severityLevel: 'medium',
      request,
    });
    let taken: Snapshot;
    isAtIt = true;
    try {
      taken = await snapshot();
    } catch (error) {
      await audited.fail({
        error: error instanceof Error ? error : new Error(String(error)),
      });
      throw error;
    } finally {
      isAtIt = false;
    }
    await audited.success({ meta: { ...taken } });
    response.status(201).json(taken);
  });
  return router;
}
