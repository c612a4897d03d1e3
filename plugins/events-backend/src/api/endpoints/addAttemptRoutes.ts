import { NotFoundError } from '@backstage/errors';
import {
  endpointAttemptsQuerySchema,
  endpointReadPermission,
  eventReadPermission,
  type EndpointAttemptsPage,
} from '@callboard/backstage-plugin-events-common';
import type { Router } from 'express';
import { z } from 'zod';
import { parseInput } from '../../model/parseInput';
import { decodeCursor, encodeCursor } from '../cursors';
import type { EndpointApi } from './EndpointApiOptions';
import { toAttemptSummary, toAttemptView } from './endpointViews';
import { sinceOf } from './sinceOf';

const placeInAttempts = z.tuple([z.int(), z.uuid()]);
const attemptParams = z.object({ attemptId: z.uuid() });

/** Adds the routes that show attempts, which may quote what events hold. */
export function addAttemptRoutes(router: Router, api: EndpointApi): void {
  const { endpoints, access } = api;

  router.get('/:id/attempts', async (request, response) => {
    await access.require(request, eventReadPermission);
    const { endpoint } = await access.open(request, endpointReadPermission);
    const query = parseInput(endpointAttemptsQuerySchema, request.query);
    const { eventId, outcome, from, to, cursor, limit } = query;
    const place =
      cursor === undefined ? undefined : decodeCursor(cursor, placeInAttempts);
    // One more than the page, which says whether there is another one.
    const found = await endpoints.listAttemptHeads({
      endpointId: endpoint.id,
      eventId,
      outcome,
      // Of one that had the same id before, attempts may be left.
      fromMs: Math.max(
        sinceOf(endpoint),
        from === undefined ? 0 : Date.parse(from),
      ),
      toMs: to === undefined ? undefined : Date.parse(to),
      before: place && { startedAtMs: place[0], id: place[1] },
      limit: limit + 1,
    });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const page: EndpointAttemptsPage = {
      items: items.map(toAttemptSummary),
      ...(last &&
        found.length > limit && {
          nextCursor: encodeCursor([last.startedAtMs, last.id]),
        }),
    };
    response.json(page);
  });

  router.get('/:id/attempts/:attemptId', async (request, response) => {
    await access.require(request, eventReadPermission);
    const { endpoint } = await access.open(request, endpointReadPermission);
    const { attemptId } = parseInput(attemptParams, request.params);
    const attempt = await endpoints.readAttempt(attemptId);
    const isOurs =
      attempt?.endpointId === endpoint.id &&
      attempt.startedAtMs >= sinceOf(endpoint);
    if (!isOurs) {
      throw new NotFoundError(
        `Endpoint '${endpoint.id}' has no attempt ${attemptId}; there never was one, or it is older than attempts are kept`,
      );
    }
    response.json(toAttemptView(attempt));
  });
}
