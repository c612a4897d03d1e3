import { ResponseError, ServiceUnavailableError } from '@backstage/errors';
import type { ClaimedBatch, HandledEvent } from '../handling/ClaimedBatch';
import {
  SubscriptionMissingError,
  type SubscriptionAccess,
  type SubscriptionWish,
} from '../handling/SubscriptionAccess';
import type { BusClient } from './BusClient';
import {
  claimAnswerSchema,
  ticketAnswerSchema,
  type ClaimRequest,
  type SettlementRequest,
  type SubscriptionRequest,
} from './protocol';

/** The subscriptions as handlers of another process have them, over HTTP. */
export class RemoteSubscriptionAccess implements SubscriptionAccess {
  readonly #client: BusClient;
  readonly #callLimitMs: number;

  constructor(options: {
    client: BusClient;
    /** How long one request may take, in milliseconds. */
    callLimitMs: number;
  }) {
    this.#client = options.client;
    this.#callLimitMs = options.callLimitMs;
  }

  async register(id: string, wish: SubscriptionWish): Promise<void> {
    const { topics, start, retry, perProcess } = wish;
    const request: SubscriptionRequest = {
      topics: [...topics],
      start,
      retry,
      perProcess,
    };
    await this.#client.send({
      method: 'PUT',
      path: pathOf(id),
      body: JSON.stringify(request),
      timeLimitMs: this.#callLimitMs,
    });
  }

  async claim(
    subscriptionId: string,
    { maxEvents }: { maxEvents: number },
    { limitMs, signal }: { limitMs: number; signal: AbortSignal },
  ): Promise<ClaimedBatch | undefined> {
    const request: ClaimRequest = { maxEvents, waitMs: limitMs };
    const sentMs = performance.now();
    try {
      const answer = await this.#client.send({
        method: 'POST',
        path: `${pathOf(subscriptionId)}/claims`,
        body: JSON.stringify(request),
        timeLimitMs: limitMs + this.#callLimitMs,
        signal,
        answer: claimAnswerSchema,
      });
      return (
        answer && {
          ticket: answer.ticket,
          subscriptionId,
          leaseMs: answer.leaseMs,
          leasedFromMs: sentMs + answer.waitedMs,
          events: answer.events.map(({ key, metadata, payload, ...event }) => ({
            ...event,
            key: key ?? undefined,
            present: () => ({
              topic: event.topic,
              eventPayload: payload,
              metadata,
            }),
          })),
        }
      );
    } catch (error) {
      if (signal.aborted) {
        // No answer had begun. The server hands the batch back when it sees the connection go.
        return undefined;
      }
      if (
        error instanceof ResponseError &&
        error.body.error.name === SubscriptionMissingError.name
      ) {
        throw new SubscriptionMissingError(subscriptionId);
      }
      throw error;
    }
  }

  async settle(
    { subscriptionId, ticket }: ClaimedBatch,
    handled: readonly HandledEvent[],
  ): Promise<boolean> {
    const request: SettlementRequest = {
      outcomes: handled.map(({ event, outcome }) => ({
        position: event.position,
        outcome,
      })),
    };
    return this.#useTicket('settlement', subscriptionId, ticket, request);
  }

  renew({ subscriptionId, ticket }: ClaimedBatch): Promise<boolean> {
    return this.#useTicket('renewal', subscriptionId, ticket, {});
  }

  async remove(subscriptionId: string): Promise<void> {
    await this.#client.send({
      method: 'DELETE',
      path: pathOf(subscriptionId),
      timeLimitMs: this.#callLimitMs,
    });
  }

  isUnavailable(error: unknown): boolean {
    // Besides what the client throws: a call that the caller itself has given up.
    return error instanceof ServiceUnavailableError;
  }

  async #useTicket(
    use: 'settlement' | 'renewal',
    subscriptionId: string,
    ticket: string,
    request: object,
  ): Promise<boolean> {
    const answer = await this.#client.send({
      method: 'POST',
      path: `${pathOf(subscriptionId)}/claims/${ticket}/${use}`,
      body: JSON.stringify(request),
      timeLimitMs: this.#callLimitMs,
      answer: ticketAnswerSchema,
    });
    return answer?.good ?? false;
  }
}

function pathOf(subscriptionId: string): string {
  return `/subscriptions/${encodeURIComponent(subscriptionId)}`;
}
