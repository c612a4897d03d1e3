import type { HttpAuthService } from '@backstage/backend-plugin-api';
import type { EventParams } from '@backstage/plugin-events-node';
import express, { type Request, type Response } from 'express';
import Router from 'express-promise-router';
import { parseInput } from '../../model/parseInput';
import type { SubscriptionPool } from '../../subscriptions';
import type { LocalSubscriptionAccess } from '../LocalSubscriptionAccess';
import type { BusV1Reader } from './BusV1Reader';
import { busV1Document } from './busV1Document';
import { authorizeService, checkOwner, readSource } from './callers';
import {
  publishBodySchema,
  subscriptionBodySchema,
  subscriptionPathSchema,
} from './busV1Schemas';

/** What the router of the stock bus protocol is made of. */
export interface BusV1RouterOptions {
  reader: BusV1Reader;
  access: Pick<LocalSubscriptionAccess, 'register'>;
  subscriptions: Pick<SubscriptionPool, 'isWanted'>;
  /** Resolves when the event is durable. */
  publish: (
    event: EventParams,
    options: { source: string; notified: readonly string[] },
  ) => Promise<unknown>;
  httpAuth: HttpAuthService;
  /** The largest payload, in bytes as JSON. */
  maxPayloadBytes: number;
}

/** What a body may have besides the payload: the topic, and who was notified. */
const maxEnvelopeBytes = 1_000_000;
const maxSubscriptionBytes = 100_000;

/**
 * Makes the router behind `/bus/v1`: the protocol of the stock events service, for processes that keep it.
 *
 * @remarks
 * Routes, bodies and answers are those of `@backstage/plugin-events-backend` 0.6. Unlike there, an event is stored even
 * if nobody wants it (and then answered with 204 all the same), and a plugin can neither make nor read the subscription
 * of another. Only services may call it, and none whose token is restricted to permissions, since no permission stands
 * for publishing.
 */
export function createBusV1Router(options: BusV1RouterOptions): express.Router {
  const { reader, access, subscriptions, publish, httpAuth } = options;
  const router = Router();
  const readEvent = express.json({
    limit: options.maxPayloadBytes + maxEnvelopeBytes,
  });
  const readTopics = express.json({ limit: maxSubscriptionBytes });

  router.get('/openapi.json', async (_request, response) => {
    response.json(busV1Document);
  });

  router.post('/events', async (request, response) => {
    const principal = await authorizeService(httpAuth, request);
    const body = parseInput(
      publishBodySchema,
      await readBody(readEvent, request, response),
    );
    const { event, notifiedSubscribers: notified = [] } = body;
    const [isWanted] = await Promise.all([
      // Tells the publisher something it does nothing with, so it is not worth an error for an event that is stored.
      subscriptions.isWanted(event.topic, notified).catch(() => true),
      publish(
        { topic: event.topic, eventPayload: event.payload },
        { source: readSource(principal), notified },
      ),
    ]);
    response.status(isWanted ? 201 : 204).end();
  });

  router.put('/subscriptions/:id', async (request, response) => {
    const principal = await authorizeService(httpAuth, request);
    const { id } = parseInput(subscriptionPathSchema, request.params);
    checkOwner(principal, id);
    const { topics } = parseInput(
      subscriptionBodySchema,
      await readBody(readTopics, request, response),
    );
    await access.register(id, {
      topics,
      start: 'end',
      retry: undefined,
      perProcess: false,
    });
    response.status(201).end();
  });

  router.get('/subscriptions/:id/events', async (request, response) => {
    const principal = await authorizeService(httpAuth, request);
    const { id } = parseInput(subscriptionPathSchema, request.params);
    checkOwner(principal, id);
    await reader.answer(id, response);
  });

  return router;
}

async function readBody(
  parser: express.RequestHandler,
  request: Request,
  response: Response,
): Promise<unknown> {
  await new Promise<void>((resolve, reject) => {
    parser(request, response, error => (error ? reject(error) : resolve()));
  });
  return request.body;
}
