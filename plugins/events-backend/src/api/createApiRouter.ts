import type {
  AuditorService,
  HttpAuthService,
  PermissionsService,
} from '@backstage/backend-plugin-api';
import { NotAllowedError, NotFoundError } from '@backstage/errors';
import {
  deliveriesQuerySchema,
  deliveryReadPermission,
  eventReadPermission,
  eventsQuerySchema,
  replayCreatePermission,
  replayRequestSchema,
  subscriptionReadPermission,
  type DeliveriesPage,
  type EventsPage,
  type EventView,
  type ReplayResult,
  type SubscriptionView,
  type TopicView,
} from '@callboard/backstage-plugin-events-common';
import {
  AuthorizeResult,
  type BasicPermission,
} from '@backstage/plugin-permission-common';
import express, { type Request } from 'express';
import Router from 'express-promise-router';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from './cursors';
import { explainEvent } from './explainEvent';
import { openApiDocument } from './openApiDocument';
import { parseInput } from '../model/parseInput';
import { replayEvents, type ReplayPools } from './replayEvents';
import { toDeliveryView, toEventSummary, toSubscriptionView } from './views';

/** What the API looks into, and who guards it. */
export interface ApiOptions extends ReplayPools {
  /** Topics with an ingress. */
  listIngressTopics: () => string[];
  httpAuth: HttpAuthService;
  permissions: PermissionsService;
  auditor: AuditorService;
}

const placeInLog = z.tuple([z.int()]);
const placeInDeliveries = z.tuple([z.int(), z.string()]);
const maxRequestBytes = 100_000;

/**
 * Makes the router behind `/v1`: a window into the pools, for the console and for machines.
 *
 * @remarks
 * Each route asks for its permission first. `openApiDocument` describes them all.
 */
export function createApiRouter(options: ApiOptions): express.Router {
  const { log, subscriptions, deliveries, auditor } = options;
  const router = Router();
  router.use(express.json({ limit: maxRequestBytes }));

  router.get('/openapi.json', async (_request, response) => {
    response.json(openApiDocument);
  });

  router.get('/events', async (request, response) => {
    await authorize(request, eventReadPermission);
    const query = parseInput(eventsQuerySchema, request.query);
    const rows = await log.list({
      topic: query.topic,
      key: query.key,
      fromMs: query.from === undefined ? undefined : Date.parse(query.from),
      toMs: query.to === undefined ? undefined : Date.parse(query.to),
      order: query.order,
      after:
        query.cursor === undefined
          ? undefined
          : decodeCursor(query.cursor, placeInLog)[0],
      limit: query.limit,
    });
    const items = rows.map(toEventSummary);
    const last = items.at(-1);
    const page: EventsPage = {
      items,
      ...(last &&
        items.length === query.limit && {
          nextCursor: encodeCursor([last.position]),
        }),
    };
    response.json(page);
  });

  router.get('/events/:id', async (request, response) => {
    await authorize(request, eventReadPermission);
    const { id } = parseInput(z.object({ id: z.uuid() }), request.params);
    const event = await log.readById(id);
    if (!event) {
      throw new NotFoundError(
        `The log has no event ${id}; it never came, or it is older than the retention`,
      );
    }
    // In the direction that events move, so that one on its way is seen in one place at least.
    const subscribed = await subscriptions.list();
    const claimed = await subscriptions.listClaimed();
    const { deliveries: rows, attempts } = await deliveries.readOfEvent(
      event.position,
    );
    const view: EventView = {
      id: event.id,
      position: event.position,
      topic: event.topic,
      key: event.key ?? null,
      time: new Date(event.timeMs).toISOString(),
      size: event.size,
      payload: JSON.parse(event.payload),
      metadata: JSON.parse(event.metadata),
      deduplicationId: event.deduplicationId ?? null,
      ...explainEvent({
        event,
        subscriptions: subscribed,
        deliveries: rows,
        attempts,
        claimed,
      }),
    };
    response.json(view);
  });

  router.get('/topics', async (request, response) => {
    await authorize(request, subscriptionReadPermission);
    const inLog = await log.topics();
    const subscribed = await subscriptions.list();
    const ingresses = options.listIngressTopics();
    const wanted = subscribed.flatMap(({ id, topics }) =>
      topics
        .filter(({ to }) => to === undefined)
        .map(({ topic }) => ({ id, topic })),
    );
    const names = new Set([
      ...inLog.map(({ topic }) => topic),
      ...wanted.map(({ topic }) => topic),
      ...ingresses,
    ]);
    const items = [...names].sort().map((topic): TopicView => {
      const newest = inLog.find(row => row.topic === topic);
      return {
        topic,
        ingress: ingresses.includes(topic),
        lastPosition: newest?.lastPosition ?? null,
        lastTime: newest ? new Date(newest.lastTimeMs).toISOString() : null,
        subscriptions: wanted
          .filter(row => row.topic === topic)
          .map(({ id }) => id),
      };
    });
    response.json({ items });
  });

  router.get('/subscriptions', async (request, response) => {
    await authorize(request, subscriptionReadPermission);
    const { tail } = await log.ends();
    const items: SubscriptionView[] = [];
    for (const subscription of await subscriptions.list()) {
      items.push(
        toSubscriptionView(subscription, {
          lag: await subscriptions.readLag(subscription, tail),
          owed: await deliveries.count(subscription.id, [
            'due',
            'blocked',
            'claimed',
            'dead',
          ]),
        }),
      );
    }
    response.json({ items });
  });

  router.get('/deliveries', async (request, response) => {
    await authorize(request, deliveryReadPermission);
    const query = parseInput(deliveriesQuerySchema, request.query);
    const place =
      query.cursor === undefined
        ? undefined
        : decodeCursor(query.cursor, placeInDeliveries);
    const rows = await deliveries.list({
      state: query.state,
      subscriptionId: query.subscriptionId,
      after: place && { position: place[0], subscriptionId: place[1] },
      limit: query.limit,
    });
    const items = rows.map(toDeliveryView);
    const last = items.at(-1);
    const page: DeliveriesPage = {
      items,
      ...(last &&
        items.length === query.limit && {
          nextCursor: encodeCursor([last.position, last.subscriptionId]),
        }),
    };
    response.json(page);
  });

  router.post('/replays', async (request, response) => {
    await authorize(request, replayCreatePermission);
    const replay = parseInput(replayRequestSchema, request.body);
    const auditorEvent = await auditor.createEvent({
      eventId: 'event-replay',
      severityLevel: replay.dryRun ? 'low' : 'medium',
      request,
      meta: {
        queryType: replay.eventId === undefined ? 'by-query' : 'by-id',
        replay,
      },
    });
    let result: ReplayResult;
    try {
      result = await replayEvents(options, replay);
    } catch (error) {
      await auditorEvent.fail({
        error: error instanceof Error ? error : new Error(String(error)),
      });
      throw error;
    }
    await auditorEvent.success({ meta: result });
    response.json(result);
  });

  return router;

  async function authorize(
    request: Request,
    permission: BasicPermission,
  ): Promise<void> {
    const credentials = await options.httpAuth.credentials(request, {
      allow: ['user', 'service'],
    });
    const [decision] = await options.permissions.authorize([{ permission }], {
      credentials,
    });
    if (decision.result !== AuthorizeResult.ALLOW) {
      throw new NotAllowedError(`Needs the permission ${permission.name}`);
    }
  }
}
