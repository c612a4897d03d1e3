import type { HttpAuthService } from '@backstage/backend-plugin-api';
import { InputError, ServiceUnavailableError } from '@backstage/errors';
import type { Notifier } from '@callboard/backstage-plugin-events-node';
import {
  claimRequestSchema,
  publishRequestSchema,
  settlementRequestSchema,
  subscriptionIdSchema,
  subscriptionRequestSchema,
  type PublishAnswer,
  type TicketAnswer,
} from '@callboard/backstage-plugin-events-node/bus';
import express, { type Request, type Response } from 'express';
import Router from 'express-promise-router';
import { z } from 'zod';
import type { Outcome } from '../../model/batch';
import type { Accept } from '../../model/accept';
import { parseInput } from '../../model/parseInput';
import type { SubscriptionPool } from '../../subscriptions';
import {
  claimOrWait,
  type AwaitedBatch,
  type ReadingOptions,
} from '../claimOrWait';
import { planExpiry, type ExpiryOptions } from '../planExpiry';
import { busV2Document } from './busV2Document';
import { authorizeService, checkOwner, readSource } from './callers';
import { writeClaim } from './writeClaim';
import { writeWhole } from './writeWhole';

/** Requests that may be held open at once, per process. */
const maxHeldRequests = 1_000;
/** What may stand around the payloads of a request. */
const overheadBytes = 1024 * 1024;

const ticketSchema = z.uuid();

/**
 * Makes the router behind `/bus/v2`: publishing and reading for processes without the events system.
 *
 * @remarks
 * Only service credentials are let in. A plugin reads and changes its own subscriptions, whose ids begin with its own.
 * The requests and answers are described in `events-node/src/remote/protocol.ts`.
 */
export function createBusV2Router(options: {
  pool: SubscriptionPool;
  notifier: Notifier;
  accept: Accept;
  httpAuth: HttpAuthService;
  reading: ReadingOptions & { expiry: ExpiryOptions };
  publish: { timeLimitMs: number; maxPayloadBytes: number };
  /** Aborted when the process stops: requests that wait are answered. */
  stopping: AbortSignal;
}): express.Router {
  const { pool, notifier, accept, httpAuth, reading, publish } = options;
  let held = 0;
  const router = Router();

  router.get('/openapi.json', async (_request, response) => {
    response.json(busV2Document);
  });

  router.use(async (request, _response, next) => {
    // Before the body is read: whoever may not come in does not get to send one.
    await authorizeService(httpAuth, request);
    next();
  });
  router.use(express.json({ limit: publish.maxPayloadBytes + overheadBytes }));

  router.post('/events', async (request, response) => {
    const source = readSource(await authorizeService(httpAuth, request));
    const { groups } = parseInput(publishRequestSchema, request.body);
    // All in one turn, so that they go into the log in this order.
    const outcomes = await Promise.allSettled(
      groups.map(async events =>
        accept(
          events.map(({ topic, payload, metadata }) => ({
            topic,
            eventPayload: payload,
            metadata,
          })),
          { source, timeLimitMs: publish.timeLimitMs },
        ),
      ),
    );
    const answer: PublishAnswer = {
      groups: outcomes.map(outcome => {
        if (outcome.status === 'fulfilled') {
          return { accepted: outcome.value };
        }
        const { reason } = outcome;
        if (reason instanceof InputError) {
          return { error: { name: reason.name, message: reason.message } };
        }
        // Sent again as a whole; the ids make that safe.
        throw reason;
      }),
    };
    response.json(answer);
  });

  router.put('/subscriptions/:id', async (request, response) => {
    const id = await authorizeSubscription(request);
    const wish = parseInput(subscriptionRequestSchema, request.body);
    await pool.register(id, wish.topics, {
      start: wish.start,
      retry: wish.retry,
      decideExpiry: topics =>
        planExpiry({ topics, perProcess: wish.perProcess }, reading.expiry),
    });
    response.status(204).end();
  });

  router.delete('/subscriptions/:id', async (request, response) => {
    await pool.remove(await authorizeSubscription(request));
    response.status(204).end();
  });

  router.post('/subscriptions/:id/claims', async (request, response) => {
    const id = await authorizeSubscription(request);
    const { maxEvents, waitMs } = parseInput(claimRequestSchema, request.body);
    if (held >= maxHeldRequests) {
      throw new ServiceUnavailableError(
        `More than ${maxHeldRequests} requests wait for events at this process`,
      );
    }
    const gone = new AbortController();
    const leave = () => gone.abort();
    response.once('close', leave);
    // Not AbortSignal.any: it keeps what it makes for as long as the process runs (nodejs/node#54614).
    options.stopping.addEventListener('abort', leave);
    if (response.destroyed || options.stopping.aborted) {
      // It left while its credentials were checked.
      leave();
    }
    held += 1;
    let found: AwaitedBatch | undefined;
    try {
      found = await claimOrWait({ pool, notifier, options: reading }, id, {
        maxEvents,
        waitMs,
        signal: gone.signal,
      });
    } finally {
      held -= 1;
      options.stopping.removeEventListener('abort', leave);
    }
    if (found) {
      await handOver(found, response);
    } else {
      response.status(204).end();
    }
  });

  router.post(
    '/subscriptions/:id/claims/:ticket/settlement',
    async (request, response) => {
      const id = await authorizeSubscription(request);
      const ticket = parseInput(ticketSchema, request.params.ticket);
      const { outcomes } = parseInput(settlementRequestSchema, request.body);
      const good = await pool.settleTicket(
        ticket,
        id,
        new Map(
          outcomes.map(({ position, outcome }) => [
            position,
            withoutZeroCharacters(outcome),
          ]),
        ),
      );
      const answer: TicketAnswer = { good };
      response.json(answer);
    },
  );

  router.post(
    '/subscriptions/:id/claims/:ticket/renewal',
    async (request, response) => {
      const id = await authorizeSubscription(request);
      const ticket = parseInput(ticketSchema, request.params.ticket);
      const good = await pool.renew([ticket], reading.leaseMs, id);
      const answer: TicketAnswer = { good: good.has(ticket) };
      response.json(answer);
    },
  );

  return router;

  /** Answers with a batch; one that does not reach its reader is handed back, and nobody waits for its lease. */
  async function handOver(
    { batch, waitedMs }: AwaitedBatch,
    response: Response,
  ): Promise<void> {
    const { ticket, subscriptionId } = batch;
    const json = writeClaim(batch, { leaseMs: reading.leaseMs, waitedMs });
    if (!(await writeWhole(response, json, reading.leaseMs / 2))) {
      await pool.settleTicket(ticket, subscriptionId, new Map());
      notifier.notify(new Set(batch.events.map(({ event }) => event.topic)));
    }
  }

  async function authorizeSubscription(request: Request): Promise<string> {
    const principal = await authorizeService(httpAuth, request);
    const id = parseInput(subscriptionIdSchema, request.params.id);
    checkOwner(principal, id);
    return id;
  }
}

/** PostgreSQL takes no zero character in a text. */
function withoutZeroCharacters(outcome: Outcome): Outcome {
  return outcome.kind === 'failed'
    ? { ...outcome, error: outcome.error.replaceAll('\0', '\ufffd') }
    : outcome;
}
