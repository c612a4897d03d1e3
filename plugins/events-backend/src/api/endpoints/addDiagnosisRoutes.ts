import { NotFoundError } from '@backstage/errors';
import {
  endpointReadPermission,
  eventReadPermission,
  type EndpointEventView,
} from '@callboard/backstage-plugin-events-common';
import type { Router } from 'express';
import { z } from 'zod';
import { parseInput } from '../../model/parseInput';
import { readTraces } from '../readTraces';
import type { EndpointApi } from './EndpointApiOptions';
import { toAttemptSummary } from './endpointViews';
import { explainEndpointEvent } from './explainEndpointEvent';
import { readEndpointEvent } from './readEndpointEvents';
import { readEndpointHealth } from './readEndpointHealth';

const eventParams = z.object({ eventId: z.uuid() });

/** Adds the routes that say how an endpoint fares, and why it was sent an event or was not. */
export function addDiagnosisRoutes(router: Router, api: EndpointApi): void {
  const { log, access } = api;

  router.get('/:id/health', async (request, response) => {
    const { endpoint } = await access.open(request, endpointReadPermission);
    response.json(await readEndpointHealth(api, endpoint));
  });

  router.get('/:id/events/:eventId', async (request, response) => {
    await access.require(request, eventReadPermission);
    const { endpoint } = await access.open(request, endpointReadPermission);
    const { eventId } = parseInput(eventParams, request.params);
    const event = await log.readById(eventId);
    if (!event) {
      throw new NotFoundError(
        `The log has no event ${eventId}; it never came, or it is older than the retention. Attempts at it may be kept still: GET /endpoints/${endpoint.id}/attempts?eventId=${eventId}`,
      );
    }
    const { facts, attempts } = await readEndpointEvent(
      api,
      await readTraces(api, event),
      endpoint,
    );
    const { status, explanation, dueAt } = explainEndpointEvent(facts);
    const { selection } = facts;
    const view: EndpointEventView = {
      endpointId: endpoint.id,
      eventId,
      position: event.position,
      topic: event.topic,
      key: event.key ?? null,
      time: new Date(event.timeMs).toISOString(),
      status,
      explanation,
      dueAt: dueAt ?? null,
      selection: {
        matches: selection.matches ?? null,
        reason: selection.matches ? null : selection.reason,
      },
      attempts: attempts.map(toAttemptSummary),
    };
    response.json(view);
  });
}
