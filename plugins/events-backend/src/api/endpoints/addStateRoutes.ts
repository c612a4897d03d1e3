import {
  endpointUpdatePermission,
  keyRotationSchema,
  stateChangeSchema,
  type EndpointState,
  type RotatedKey,
} from '@callboard/backstage-plugin-events-common';
import { NotFoundError } from '@backstage/errors';
import type { Router } from 'express';
import { EndpointChangedError, type Endpoint } from '../../endpoints';
import { parseInput } from '../../model/parseInput';
import { auditAction } from './auditAction';
import type { EndpointApi } from './EndpointApiOptions';
import { toEndpointView, toShownKey } from './endpointViews';
import { refuseDeclared } from './refuseDeclared';
import { holdRevision, setRevision } from './revisions';

const transitions = {
  pause: 'paused',
  resume: 'active',
  disable: 'disabled',
} as const satisfies Record<string, EndpointState>;

/** Adds the routes that bring endpoints into another state, and rotate their keys. */
export function addStateRoutes(router: Router, api: EndpointApi): void {
  const { endpoints, door, access, auditor } = api;

  for (const [verb, state] of Object.entries(transitions)) {
    // For those of the configuration too: whoever is on duty must be able to stop one.
    router.post(`/:id/${verb}`, async (request, response) => {
      const { endpoint } = await access.open(request, endpointUpdatePermission);
      const { id } = endpoint;
      const revision = holdRevision(request, endpoint);
      const { reason } = parseInput(stateChangeSchema, request.body);
      const by = await access.nameCaller(request);
      const changed = await auditAction(
        auditor,
        {
          eventId: `endpoint-${verb}`,
          severityLevel: 'medium',
          request,
          meta: { endpointId: id, ...(reason !== undefined && { reason }) },
        },
        () => bring(id, { state, reason, by }, revision),
      );
      setRevision(response, changed);
      response.json(toEndpointView(changed));
    });
  }

  router.post('/:id/secrets/rotate', async (request, response) => {
    const { endpoint } = await access.open(request, endpointUpdatePermission);
    const { id } = endpoint;
    refuseDeclared(endpoint);
    const revision = holdRevision(request, endpoint);
    const { version, overlapMs, secret } = parseInput(
      keyRotationSchema,
      request.body,
    );
    const rotated = await auditAction(
      auditor,
      {
        eventId: 'endpoint-rotate',
        severityLevel: 'medium',
        request,
        meta: { endpointId: id, version, overlapMs },
      },
      async () => {
        const done = await endpoints.rotate(
          id,
          { version, overlapMs, key: secret },
          revision,
        );
        await stand(done.endpoint);
        return done;
      },
    );
    setRevision(response, rotated.endpoint);
    response.json({
      endpoint: toEndpointView(rotated.endpoint),
      signing: toShownKey(rotated.signing),
    } satisfies RotatedKey);
  });

  /** From then on no process claims for the endpoint as it was. */
  async function stand(endpoint: Endpoint): Promise<void> {
    try {
      await door.register(endpoint);
    } finally {
      door.announceChange();
    }
  }

  async function bring(
    id: string,
    change: { state: EndpointState; reason: string | undefined; by: string },
    revision: string,
  ): Promise<Endpoint> {
    const changed = await endpoints.setState(
      id,
      { ...change, announce: change.state === 'disabled' },
      revision,
    );
    if (changed) {
      await stand(changed);
      return changed;
    }
    const current = await endpoints.read(id);
    if (!current) {
      throw new NotFoundError(`There is no endpoint '${id}'`);
    }
    if (current.state !== change.state) {
      throw new EndpointChangedError(id);
    }
    // It is in that state already, which is what was asked for.
    return current;
  }
}
