import {
  endpointCreatePermission,
  endpointDryRunSchema,
  endpointReadPermission,
  endpointUpdatePermission,
  eventReadPermission,
  settingsDryRunSchema,
} from '@callboard/backstage-plugin-events-common';
import { ConflictError } from '@backstage/errors';
import type { Router } from 'express';
import type { Endpoint, EndpointAttempt } from '../../endpoints';
import { parseInput } from '../../model/parseInput';
import { auditAction } from './auditAction';
import { checkSettings } from './checkSettings';
import { dryRun } from './dryRun';
import type { EndpointApi } from './EndpointApiOptions';
import { toAttemptView } from './endpointViews';
import { makeDraft } from './makeDraft';
import { refuseUselessSecrets } from './refuseUselessSecrets';

/** Adds the routes that try endpoints: with a test, and with events of the log that are not sent. */
export function addTrialRoutes(router: Router, api: EndpointApi): void {
  const { door, access, auditor } = api;
  /** Ids of endpoints that a test is sent to by this process. */
  const underTest = new Set<string>();

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
    refuseUselessSecrets(settings, secrets ?? {});
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
      () => test(endpoint),
    );
    response.json(toAttemptView(attempt));
  });

  /** Neither the breaker nor the rate limit holds a test back: this does, so that nobody is flooded with them. */
  async function test(endpoint: Endpoint): Promise<EndpointAttempt> {
    const { id } = endpoint;
    if (underTest.has(id)) {
      throw new ConflictError(
        `A test of endpoint '${id}' is under way. Wait for its answer, then test again`,
      );
    }
    underTest.add(id);
    try {
      const problem = await door.findSendingProblem(endpoint);
      if (problem !== undefined) {
        throw new ConflictError(`Nothing can be sent to it: ${problem}`);
      }
      return await door.test(endpoint);
    } finally {
      underTest.delete(id);
    }
  }
}
