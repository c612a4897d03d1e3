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

/**
 * Makes the route `POST /events/snapshots`, which has subscribers told of everything that the catalog has. It answers 202
 * when that is begun, and 409 while it goes on.
 *
 * @param options.requestSnapshot - begins it; false when one goes on
 */
export function createSnapshotRouter(options: {
  requestSnapshot: () => Promise<boolean>;
  httpAuth: HttpAuthService;
  permissions: PermissionsService;
  auditor: AuditorService;
}): ExpressRouter {
  const { requestSnapshot, httpAuth, permissions, auditor } = options;
  const router = Router();
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
    const audited = await auditor.createEvent({
      eventId: 'events-snapshot',
      severityLevel: 'medium',
      request,
    });
    try {
      if (!(await requestSnapshot())) {
        throw new ConflictError('A snapshot is being taken already');
      }
    } catch (error) {
      await audited.fail({
        error: error instanceof Error ? error : new Error(String(error)),
      });
      throw error;
    }
    await audited.success();
    response.status(202).end();
  });
  return router;
}
