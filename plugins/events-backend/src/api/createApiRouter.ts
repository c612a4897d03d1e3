import type {
  AuditorService,
  HttpAuthService,
  PermissionsService,
} from '@backstage/backend-plugin-api';
import { InputError, NotAllowedError, NotFoundError } from '@backstage/errors';
import {
  deliveriesQuerySchema,
  deliveryReadPermission,
  endpointReadPermission,
  eventReadPermission,
  eventsAfterQuerySchema,
  eventsQuerySchema,
  positionSchema,
  replayCreatePermission,
  replayRequestSchema,
  streamQuerySchema,
  subscriptionReadPermission,
  type DeliveriesPage,
  type EventsAfterPage,
  type EventsPage,
  type EventView,
  type ReplayResult,
  type SubscriptionView,
} from '@callboard/backstage-plugin-events-common';
import {
  AuthorizeResult,
  type BasicPermission,
} from '@backstage/plugin-permission-common';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import express, { type Request, type Response } from 'express';
import Router from 'express-promise-router';
import { z } from 'zod';
import { parseInput } from '../model/parseInput';
import { toWholeEvent } from '../model/toWholeEvent';
import { decodeCursor, encodeCursor } from './cursors';
import {
  createEndpointRouter,
  EndpointAccess,
  readEndpointEvents,
  toRecipients,
  type EndpointApiOptions,
} from './endpoints';
import { explainEvent } from './explainEvent';
import { listSeenDeliveries } from './listSeenDeliveries';
import { openApiDocument } from './openApiDocument';
import {
  checkCombination,
  findStart,
  LostPlaceError,
  type FollowLog,
} from './followLog';
import { readTraces } from './readTraces';
import { replayEvents, type ReplayPools } from './replayEvents';
import { toTopicViews } from './toTopicViews';
import { toDeliveryView, toEventSummary, toSubscriptionView } from './views';

/** What the API looks into, and who guards it. */
export interface ApiOptions extends ReplayPools, EndpointApiOptions {
  /** Topics with an ingress. */
  listIngressTopics: () => string[];
  /** Waits for events in the stead of readers. */
  follow: FollowLog;
  httpAuth: HttpAuthService;
  permissions: PermissionsService;
  auditor: AuditorService;
}

const placeInLog = z.tuple([z.int()]);
// Cursors are ours, but anybody can make one; and PostgreSQL takes no zero character.
const placeInDeliveries = z.tuple([
  z.int(),
  z.string().refine(id => !id.includes('\0')),
]);
const headersOfStream = z.object({
  'Last-Event-ID': positionSchema.optional(),
});
const maxRequestBytes = 100_000;

/**
 * Makes the router behind `/v1`: a window into the pools, for the console and for machines.
 *
 * @remarks
 * Each route asks for its permission first. `openApiDocument` describes them all.
 */
export function createApiRouter(options: ApiOptions): express.Router {
  const { log, subscriptions, deliveries, endpoints, auditor, follow } =
    options;
  const access = new EndpointAccess(options);
  const router = Router();
  router.use('/endpoints', createEndpointRouter({ ...options, access }));
  router.use(express.json({ limit: maxRequestBytes }));

  router.get('/openapi.json', async (_request, response) => {
    response.json(openApiDocument);
  });

  router.get('/events', async (request, response) => {
    await authorize(request, eventReadPermission);
    checkCombination(request.query);
    if ('after' in request.query) {
      response.json(await readAfter(request, response));
      return;
    }
    const query = parseInput(eventsQuerySchema, request.query);
    if (query.deduplicationId !== undefined && query.topic === undefined) {
      throw new InputError(
        'deduplicationId needs topic: ids of senders are unique within a topic',
      );
    }
    const rows = await log.list({
      topic: query.topic,
      key: query.key,
      deduplicationId: query.deduplicationId,
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

  router.get('/stream', async (request, response) => {
    await authorize(request, eventReadPermission);
    const { after, topic, key } = parseInput(streamQuerySchema, request.query);
    const headers = parseInput(headersOfStream, {
      'Last-Event-ID': request.get('Last-Event-ID') || undefined,
    });
    // A browser that comes again asks with the query it began with.
    const position = findStart(
      headers['Last-Event-ID'] ?? after,
      await log.ends(),
    );
    await follow.stream(response, { position, filter: { topics: topic, key } });
  });

  router.get('/events/:id', async (request, response) => {
    await authorize(request, eventReadPermission);
    // What a handler threw may quote what it was given, or tell of the plugin that it is a part of.
    const maySeeDeliveries = await isAllowed(request, deliveryReadPermission);
    const { id } = parseInput(z.object({ id: z.uuid() }), request.params);
    const event = await log.readById(id);
    if (!event) {
      throw new NotFoundError(
        `The log has no event ${id}; it never came, or it is older than the retention`,
      );
    }
    const view: EventView = {
      ...toWholeEvent(event),
      deduplicationId: event.deduplicationId ?? null,
      ...(maySeeDeliveries
        ? await explain(request, event)
        : {
            explanation: `Who got it is told to those who have the permission ${deliveryReadPermission.name}`,
          }),
    };
    response.json(view);
  });

  router.get('/topics', async (request, response) => {
    await authorize(request, subscriptionReadPermission);
    const maySee = await access.decideSubscriptions(request);
    const all = await subscriptions.list();
    const items = toTopicViews({
      inLog: await log.topics(),
      subscriptions: all.filter(({ id }) => maySee(id)),
      endpoints: await endpoints.list(),
      ingresses: options.listIngressTopics(),
    });
    response.json({ items });
  });

  router.get('/subscriptions', async (request, response) => {
    await authorize(request, subscriptionReadPermission);
    const maySee = await access.decideSubscriptions(request);
    const all = await subscriptions.list();
    // Behind the cursors, none of which is beyond it then.
    const { tail } = await log.ends();
    const items: SubscriptionView[] = [];
    for (const subscription of all.filter(({ id }) => maySee(id))) {
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
    const { rows, next } = await listSeenDeliveries(
      deliveries,
      {
        state: query.state,
        subscriptionId: query.subscriptionId,
        after: place && { position: place[0], subscriptionId: place[1] },
        limit: query.limit,
      },
      await access.decideSubscriptions(request),
    );
    const page: DeliveriesPage = {
      items: rows.map(toDeliveryView),
      ...(next && {
        nextCursor: encodeCursor([next.position, next.subscriptionId]),
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

  /** Who got an event, as far as the caller may know of them. */
  async function explain(
    request: Request,
    event: LogEvent,
  ): Promise<Pick<EventView, 'explanation' | 'recipients'>> {
    const traces = await readTraces(options, event);
    return explainEvent({
      ...traces,
      endpoints: toRecipients(
        await readEndpointEvents(options, traces),
        traces.attempts,
        await access.decide(request, endpointReadPermission),
      ),
    });
  }

  async function readAfter(
    request: Request,
    response: Response,
  ): Promise<EventsAfterPage> {
    const query = parseInput(eventsAfterQuerySchema, request.query);
    const look = async () =>
      follow.poll(response, {
        position: findStart(query.after, await log.ends()),
        filter: { topics: query.topic, key: query.key },
        maxEvents: query.limit,
        waitMs: query.waitMs,
      });
    let found = await look();
    while (found.lost !== undefined && query.after === 'beginning') {
      // It was trimmed in between; there is another beginning now.
      found = await look();
    }
    if (found.lost !== undefined) {
      throw new LostPlaceError(found.lost);
    }
    return {
      items: found.events.map(toWholeEvent),
      after: found.position,
      tail: found.tail,
    };
  }

  async function authorize(
    request: Request,
    permission: BasicPermission,
  ): Promise<void> {
    if (!(await isAllowed(request, permission))) {
      throw new NotAllowedError(`Needs the permission ${permission.name}`);
    }
  }

  async function isAllowed(
    request: Request,
    permission: BasicPermission,
  ): Promise<boolean> {
    const credentials = await options.httpAuth.credentials(request, {
      allow: ['user', 'service'],
    });
    const [decision] = await options.permissions.authorize([{ permission }], {
      credentials,
    });
    return decision.result === AuthorizeResult.ALLOW;
  }
}
