import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  InputError,
  NotFoundError,
  ServiceUnavailableError,
} from '@backstage/errors';
import type {
  HttpBodyParser,
  RequestRejectionDetails,
} from '@backstage/plugin-events-node';
import contentType from 'content-type';
import type { Request, Response, Router as ExpressRouter } from 'express';
import Router from 'express-promise-router';
import { readHeaders } from '../model/headers';
import type { Accept } from '../model/accept';
import { retryAfterSeconds } from '../model/retryAfterSeconds';
import { BodyBudget, type BodyShare } from './BodyBudget';
import { UnsupportedMediaTypeError } from './errors';
import type { Ingress, Ingresses } from './Ingresses';
import { parseJsonBody } from './parseJsonBody';
import { readBody } from './readBody';

/** Three times what GitHub takes for a whole delivery. */
const bodyTimeLimitMs = 30_000;

/** What is measured about ingresses. */
export interface IngressObserver {
  /** Runs the handling of a request within a span that continues the sender's trace. */
  observeRequest<T>(
    topic: string,
    headers: Request['headers'],
    handle: () => Promise<T>,
  ): Promise<T>;
  onAccepted(topic: string, duplicate: boolean): void;
  onRejected(topic: string, reason: string): void;
}

/** What an ingress router is made of. */
export interface IngressRouterOptions {
  ingresses: Ingresses;
  accept: Accept;
  /** By content type. */
  bodyParsers: Record<string, HttpBodyParser>;
  logger: LoggerService;
  observer: IngressObserver;
  /** The largest body, in bytes, after decompression. */
  maxBodyBytes: number;
  /** What all bodies that are read or appended may take together, in bytes; not below `maxBodyBytes`. */
  maxHeldBytes: number;
  /** How long the store may take, in milliseconds; senders such as GitHub give up after ten seconds. */
  timeLimitMs: number;
}

const acceptedAnswer = JSON.stringify({ status: 'accepted' });

/**
 * Makes the router behind `/http`: `POST /{topic}` for each ingress.
 *
 * @remarks
 * A request passes these stages, and the first that fails answers: ingress known (404), content type and charset
 * known (415), body whole and not too large (400, 413), room for it beside other bodies (503), sender verified over the
 * raw bytes (403), body parsed (400), validator of the stock extension point content (what it says, 403 by default),
 * appended (503). Then 202.
 */
export function createIngressRouter(
  options: IngressRouterOptions,
): ExpressRouter {
  const { ingresses, observer, logger, maxBodyBytes } = options;
  const parsers = new Map(
    Object.entries({
      'application/json': parseJsonBody,
      ...options.bodyParsers,
    }),
  );
  const budget = new BodyBudget(options.maxHeldBytes);

  const router = Router();
  router.post('/:topic', (request, response) => {
    const ingress = ingresses.get(request.params.topic);
    if (!ingress) {
      observer.onRejected('', 'unknown_topic');
      throw new NotFoundError(
        'There is no ingress for this topic. Install the module of its sender, describe the ingress in events.http.ingresses, or, for one that takes events from anybody, name the topic in events.http.topics.',
      );
    }
    return observer.observeRequest(ingress.topic, request.headers, async () => {
      const share = budget.open();
      try {
        await handle(ingress, request, response, share);
      } catch (error) {
        if (error instanceof ServiceUnavailableError) {
          response.set('Retry-After', String(retryAfterSeconds));
        }
        observer.onRejected(ingress.topic, readReason(error));
        logger.warn(`Ingress ${ingress.topic} refused a request: ${error}`);
        throw error;
      } finally {
        share.release();
      }
    });
  });
  return router;

  async function handle(
    ingress: Ingress,
    request: Request,
    response: Response,
    share: BodyShare,
  ): Promise<void> {
    const { topic, source, validator } = ingress;
    const mediaType = readMediaType(request);
    const parser = parsers.get(mediaType.type);
    if (!parser) {
      throw new UnsupportedMediaTypeError(mediaType.type);
    }
    const body = await readBody(request, {
      maxBytes: maxBodyBytes,
      timeLimitMs: bodyTimeLimitMs,
      share,
    });
    if (body.length === 0) {
      throw new InputError('The request has no body');
    }
    // Where body parsers of the stock extension point look for it.
    request.body = body;

    if (source) {
      const verdict = await source.verify({ headers: request.headers, body });
      if (!verdict.accepted) {
        refuse(topic, verdict.reason, response, {
          status: 403,
          payload: { message: verdict.message },
        });
        return;
      }
    }

    const { bodyParsed, bodyBuffer, encoding } = await parser(
      request,
      mediaType,
      topic,
    );
    if (validator) {
      let rejection: RequestRejectionDetails | undefined;
      await validator(
        {
          body: bodyParsed,
          headers: request.headers,
          raw: {
            body: bodyBuffer,
            encoding: Buffer.isEncoding(encoding) ? encoding : 'utf-8',
          },
        },
        {
          reject: details => {
            rejection = {
              status: details?.status ?? 403,
              payload: details?.payload ?? {},
            };
          },
        },
      );
      if (rejection) {
        refuse(topic, 'validator', response, rejection);
        return;
      }
    }

    const [{ id, duplicate }] = await options.accept(
      [
        {
          topic,
          eventPayload: bodyParsed,
          metadata: readHeaders(request.headers, source?.secretHeaders),
        },
      ],
      { source: `http/${topic}`, timeLimitMs: options.timeLimitMs },
    );
    observer.onAccepted(topic, duplicate);
    logger.debug(
      duplicate
        ? `Ingress ${topic} got event ${id} again`
        : `Ingress ${topic} stored event ${id}`,
    );
    // Not through json(), which takes an entity tag of each answer.
    response.status(202).type('application/json').end(acceptedAnswer);
  }

  function refuse(
    topic: string,
    reason: string,
    response: Response,
    { status, payload }: RequestRejectionDetails,
  ): void {
    observer.onRejected(topic, reason);
    logger.warn(`Ingress ${topic} refused a request: ${reason}`);
    response.status(status).json(payload);
  }
}

function readMediaType(request: Request): contentType.ParsedMediaType {
  if (!request.headers['content-type']) {
    throw new UnsupportedMediaTypeError(undefined);
  }
  try {
    return contentType.parse(request);
  } catch {
    throw new UnsupportedMediaTypeError(request.headers['content-type']);
  }
}

/** Words for the measurement, by the name of the error; its message may be anything. */
const reasons: Record<string, string> = {
  InputError: 'invalid',
  UnsupportedCharsetError: 'charset',
  UnsupportedMediaTypeError: 'media_type',
  ServiceUnavailableError: 'unavailable',
  PayloadTooLargeError: 'too_large',
  UnsupportedContentEncodingError: 'content_encoding',
  RequestAbortedError: 'aborted',
  BodyTimeLimitError: 'too_slow',
};

function readReason(error: unknown): string {
  if (typeof error !== 'object' || error === null) {
    return 'error';
  }
  const name = 'name' in error ? error.name : undefined;
  return reasons[String(name)] ?? 'error';
}
