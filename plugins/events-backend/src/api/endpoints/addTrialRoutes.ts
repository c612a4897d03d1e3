import {
  endpointCreatePermission,
  endpointDryRunSchema,
  endpointReadPermission,
  endpointUpdatePermission,
  eventReadPermission,
  settingsDryRunSchema,
} from '@callboard/backstage-plugin-events-common';
import type { Router } from 'express';
import { parseInput } from '../../model/parseInput';
import { auditAction } from './auditAction';
import { checkSettings } from './checkSettings';
import { dryRun } from './dryRun';
import type { EndpointApi } from './EndpointApiOptions';
import { toAttemptView } from './endpointViews';
import { makeDraft } from './makeDraft';

/** Adds the routes that try endpoints: with a test, and with events of the log that are not sent. */
export function addTrialRoutes(router: Router, api: EndpointApi): void {
  const { door, access, auditor } = api;

  router.post('/dry-run', async (request, response) => {
    await access.require(request, eventReadPermission);
    if (!(await access.has(request, endpointCreatePermission))) {
      // Whoever may change one tries what it is to become.
      await access.demand(request, endpointUpdatePermission);
    }
    const { secrets, last, ...settings } = parseInput(
      settingsDryRunSchema,
      request.body,
    );
    checkSettings(door, settings, secrets);
    response.json(await dryRun(api, makeDraft(settings, secrets), last));
  });

  router.post('/:id/dry-run', async (request, response) => {
    await access.require(request, eventReadPermission);
    const { endpoint } = await access.open(request, endpointReadPermission);
    const { last } = parseInput(endpointDryRunSchema, request.body);
    response.json(await dryRun(api, endpoint, last));
  });

  router.post('/:id/test', async (request, response) => {
    const { endpoint } = await access.open(request, endpointUpdatePermission);
    const attempt = await auditAction(
      auditor,
      {
        eventId: 'endpoint-test',
        severityLevel: 'low',
        request,
        meta: { endpointId: endpoint.id },
      },
      () => door.test(endpoint),
    );
    response.json(toAttemptView(attempt));
  });
}
