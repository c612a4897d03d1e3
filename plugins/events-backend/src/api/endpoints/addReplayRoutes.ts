import { ConflictError, NotFoundError } from '@backstage/errors';
import {
  endpointReadPermission,
  endpointReplayRequestSchema,
  endpointUpdatePermission,
  eventReadPermission,
  redeliveryRequestSchema,
  type EndpointReplays,
  type ReplayCount,
} from '@callboard/backstage-plugin-events-common';
import type { Request, Router } from 'express';
import { z } from 'zod';
import type { EndpointReplay, ReplayQuery } from '../../endpoints';
import { parseInput } from '../../model/parseInput';
import { auditAction } from './auditAction';
import type { EndpointApi } from './EndpointApiOptions';
import { toReplayView } from './endpointViews';
import { planReplay, type ReplayPlan } from './planReplay';
import { redeliver } from './redeliver';

const replayParams = z.object({ replayId: z.uuid() });

/** Adds the routes that send events again: one, or all that match. */
export function addReplayRoutes(router: Router, api: EndpointApi): void {
  const { endpoints, access, auditor } = api;

  router.post('/:id/redeliver', async (request, response) => {
    const { endpoint } = await access.open(request, endpointUpdatePermission);
    // It sends any event to where the caller may read it, also one that the endpoint does not choose.
    await access.require(request, eventReadPermission);
    const { eventId } = parseInput(redeliveryRequestSchema, request.body);
    const result = await auditAction(
      auditor,
      {
        eventId: 'endpoint-redeliver',
        severityLevel: 'medium',
        request,
        meta: { endpointId: endpoint.id, eventId },
      },
      () => redeliver(api, endpoint, eventId),
    );
    response.status(202).json(result);
  });

  router.post('/:id/replays', async (request, response) => {
    const { endpoint } = await access.open(request, endpointUpdatePermission);
    await access.require(request, eventReadPermission);
    const { dryRun, ...query } = parseInput(
      endpointReplayRequestSchema,
      request.body,
    );
    const plan = await planReplay(api, endpoint, query);
    if (dryRun) {
      response.json({
        dryRun,
        total: plan.total,
        wanted: plan.wanted,
        explanation: describePlan(plan),
      } satisfies ReplayCount);
      return;
    }
    const { topic, key, from, to, state } = query;
    const createdBy = await access.nameCaller(request);
    const replay = await auditAction(
      auditor,
      {
        eventId: 'endpoint-replay',
        severityLevel: 'medium',
        request,
        meta: { endpointId: endpoint.id, query, total: plan.total },
      },
      () =>
        endpoints.createReplay({
          endpointId: endpoint.id,
          query: JSON.stringify({
            topic,
            key,
            from,
            to,
            state,
          } satisfies ReplayQuery),
          total: plan.total,
          place: plan.place,
          upTo: plan.upTo,
          createdBy,
        }),
    );
    response
      .status(202)
      .location(`${request.baseUrl}/${endpoint.id}/replays/${replay.id}`)
      .json(toReplayView(replay));
  });

  router.get('/:id/replays', async (request, response) => {
    const { endpoint } = await access.open(request, endpointReadPermission);
    const replays = await endpoints.listReplays(endpoint.id);
    response.json({
      items: replays.map(toReplayView),
    } satisfies EndpointReplays);
  });

  router.get('/:id/replays/:replayId', async (request, response) => {
    const { endpoint } = await access.open(request, endpointReadPermission);
    response.json(toReplayView(await readReplay(endpoint.id, request)));
  });

  router.delete('/:id/replays/:replayId', async (request, response) => {
    const { endpoint } = await access.open(request, endpointUpdatePermission);
    const { id } = await readReplay(endpoint.id, request);
    const cancelled = await auditAction(
      auditor,
      {
        eventId: 'endpoint-replay-cancel',
        severityLevel: 'medium',
        request,
        meta: { endpointId: endpoint.id, replayId: id },
      },
      async () => {
        await endpoints.cancelReplay(id);
        const replay = await readReplay(endpoint.id, request);
        if (replay.state !== 'cancelled') {
          throw new ConflictError(
            `Replay ${id} has ended (${replay.state}), and cannot be cancelled any more`,
          );
        }
        return replay;
      },
    );
    response.json(toReplayView(cancelled));
  });

  async function readReplay(
    endpointId: string,
    request: Request,
  ): Promise<EndpointReplay> {
    const { replayId } = parseInput(replayParams, request.params);
    const replay = await endpoints.readReplay(replayId);
    if (replay?.endpointId !== endpointId) {
      throw new NotFoundError(
        `Endpoint '${endpointId}' has no replay ${replayId}`,
      );
    }
    return replay;
  }
}

function describePlan({ total, wanted }: ReplayPlan): string {
  return `${total} events match the query, ${wanted} of them of topics that the endpoint wants; its filter is asked as the replay goes on`;
}
