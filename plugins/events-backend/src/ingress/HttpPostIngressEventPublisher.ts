import type { LoggerService } from '@backstage/backend-plugin-api';
import type { Config } from '@backstage/config';
import type {
  EventsService,
  HttpBodyParser,
  HttpPostIngressOptions,
} from '@backstage/plugin-events-node';
import type { Router } from 'express';
import { ServiceUnavailableError } from '@backstage/errors';
import { withTimeLimit } from '@callboard/backstage-plugin-events-node/bus';
import { createIngressRouter } from './createIngressRouter';
import { Ingresses } from './Ingresses';
import { readIngressSettings } from './readIngressSettings';

/**
 * Ingresses for a router of one's own: the older style of the stock events backend.
 *
 * @remarks
 * Publishes to the events service it is given; with Callboard's, a 202 means that the event is durable. The plugin
 * itself needs none of this: it has ingresses already.
 *
 * @public
 */
export class HttpPostIngressEventPublisher {
  readonly #router: Router;

  /**
   * @param env.config - `events.http` is read from it
   * @param env.ingresses - validators by topic; their topics get an ingress besides those in the configuration
   * @param env.bodyParsers - by content type, besides `application/json`
   */
  static fromConfig(env: {
    config: Config;
    events: EventsService;
    ingresses?: { [topic: string]: Omit<HttpPostIngressOptions, 'topic'> };
    bodyParsers?: { [contentType: string]: HttpBodyParser };
    logger: LoggerService;
  }): HttpPostIngressEventPublisher {
    const { config, events, logger } = env;
    const settings = readIngressSettings(config);
    const ingresses = new Ingresses();
    settings.topics.forEach(topic => ingresses.open(topic));
    settings.sources.forEach(source => ingresses.addSource(source));
    for (const [topic, { validator }] of Object.entries(env.ingresses ?? {})) {
      ingresses.addValidator(topic, validator);
    }
    for (const { topic, source, validator } of ingresses.list()) {
      if (!source && !validator) {
        logger.warn(
          `This ingress of topic '${topic}' takes events from anybody: sources that modules add guard the ingresses of the events plugin only. Give it a validator.`,
        );
      }
    }
    return new HttpPostIngressEventPublisher(
      createIngressRouter({
        ingresses,
        bodyParsers: env.bodyParsers ?? {},
        logger,
        observer: {
          observeRequest: (_topic, _headers, handle) => handle(),
          onAccepted: () => {},
          onRejected: () => {},
        },
        maxBodyBytes: settings.maxBodyBytes,
        maxHeldBytes: settings.maxHeldBytes,
        timeLimitMs: settings.timeLimitMs,
        accept: async (given, { timeLimitMs }) => {
          await withTimeLimit(
            Promise.all(given.map(params => events.publish(params))),
            timeLimitMs,
            () =>
              new ServiceUnavailableError(
                `The event was not published within ${timeLimitMs} ms`,
              ),
          );
          return given.map(() => ({ id: '', duplicate: false }));
        },
      }),
    );
  }

  private constructor(router: Router) {
    this.#router = router;
  }

  /** Serves `POST /http/{topic}` on a router. */
  bind(router: Router): void {
    router.use('/http', this.#router);
  }
}
