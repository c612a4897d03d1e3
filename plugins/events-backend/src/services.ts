import {
  coreServices,
  createServiceFactory,
  createServiceRef,
} from '@backstage/backend-plugin-api';
import { ServiceUnavailableError, stringifyError } from '@backstage/errors';
import {
  eventsServiceRef,
  type EventParams,
} from '@backstage/plugin-events-node';
import {
  ingressServiceRef,
  type DurableEventsService,
  type IngressService,
  type SubscribeOptions,
} from '@callboard/backstage-plugin-events-node';
import {
  checkEventCount,
  withTimeLimit,
} from '@callboard/backstage-plugin-events-node/bus';
import { createSystem, type EventsSystem } from './createSystem';
import type { Contract } from './contract';
import { createIngressService, type Ingresses } from './ingress';

/** Hands the system of the process to every plugin in it; resolves once the system stands. */
export interface SystemHandle {
  system: Promise<EventsSystem>;
}

/** Private to this package: the way from a plugin's events service to the system in the same process. */
export const systemServiceRef = createServiceRef<SystemHandle>({
  id: 'callboard.system',
  scope: 'plugin',
});

const eventsPluginId = 'events';

/** Others wait this long for the events plugin, whose migrations may take a while; a plugin that failed is not waited for. */
const startLimitMs = 120_000;

/**
 * Builds the system, with the services of the plugin `events`, and shares it with all other plugins of the process.
 *
 * @remarks
 * Built here and not in the plugin's init, because modules of the plugin subscribe in their own init, which runs
 * before it: the stock routers would otherwise wait for the plugin, and the plugin for them.
 *
 * @param filled - by modules of the plugin, from their own init on
 */
export const createSystemServiceFactory = (filled: {
  ingresses: Ingresses;
  contract: Contract;
}) =>
  createServiceFactory({
    service: systemServiceRef,
    // For the plugin `events`, even if nothing of it asks: other plugins wait for it.
    initialization: 'always',
    deps: {
      plugin: coreServices.pluginMetadata,
      config: coreServices.rootConfig,
      database: coreServices.database,
      lifecycle: coreServices.lifecycle,
      logger: coreServices.logger,
    },
    createRootContext() {
      const root = withResolvers<EventsSystem>();
      // A failure is the plugin's to report, and it may have failed before it waits for the system.
      root.promise.catch(() => {});
      return root;
    },
    factory({ plugin, config, database, lifecycle, logger }, root) {
      const { promise, resolve } = root;
      if (plugin.getId() === eventsPluginId) {
        const building = createSystem({ config, database, logger, ...filled });
        resolve(building);
        lifecycle.addShutdownHook(async () => (await building).stop());
      }
      return { system: promise };
    },
  });

/** The stock events service, kept by Callboard. */
export const eventsServiceFactory = createServiceFactory({
  service: eventsServiceRef,
  deps: {
    plugin: coreServices.pluginMetadata,
    logger: coreServices.logger,
    handle: systemServiceRef,
  },
  factory({ plugin, logger, handle }) {
    const pluginId = plugin.getId();
    const acceptAll = async (events: readonly EventParams[]) => {
      checkEventCount(events);
      const { accept, settings } = await waitFor(handle);
      await accept(events, {
        source: pluginId,
        timeLimitMs: settings.publish.timeLimitMs,
      });
    };
    const publishAll = (events: readonly EventParams[]) => {
      const accepting = acceptAll(events);
      // Some publishers never look whether it worked, the engine of the stock catalog among them. A rejection that
      // nobody handles would be reported without the topic, or end the process.
      accepting.catch(error =>
        logger.warn(
          `Could not publish ${listTopics(events)}: ${stringifyError(error)}`,
        ),
      );
      return accepting;
    };
    const service: DurableEventsService = {
      publish: params => publishAll([params]),
      publishAll,
      async subscribe<TPayload>(options: SubscribeOptions<TPayload>) {
        const { bus } = await waitFor(handle);
        await bus.subscribe({ ...options, id: `${pluginId}.${options.id}` });
      },
    };
    return service;
  },
});

/** What modules of the events plugin fetch deliveries with that did not arrive. */
export const ingressServiceFactory = createServiceFactory({
  service: ingressServiceRef,
  deps: { handle: systemServiceRef },
  factory({ handle }): IngressService {
    const open = async () => {
      const { ingresses, accept, log, settings } = await waitFor(handle);
      return createIngressService({
        ingresses,
        accept,
        log,
        isEphemeral: topic => settings.ephemeral.topics.has(topic),
        timeLimitMs: settings.publish.timeLimitMs,
      });
    };
    return {
      findReceived: async (...parameters) =>
        (await open()).findReceived(...parameters),
      receive: async (...parameters) => (await open()).receive(...parameters),
    };
  },
});

/** What a line of the log says of events that were not published; their payloads are not for the log. */
function listTopics(events: readonly EventParams[]): string {
  const topics = [...new Set(events.map(({ topic }) => topic))];
  const named = topics.slice(0, 5).map(topic => JSON.stringify(topic));
  return `${
    events.length === 1 ? 'an event' : `${events.length} events`
  } of ${named.join(', ')}${topics.length > named.length ? ' and others' : ''}`;
}

function waitFor(handle: SystemHandle): Promise<EventsSystem> {
  return withTimeLimit(
    handle.system,
    startLimitMs,
    () =>
      new ServiceUnavailableError(
        `The events plugin has not started within ${startLimitMs} ms; see its own errors in the log`,
      ),
  );
}

function withResolvers<T>() {
  let resolve: (value: T | PromiseLike<T>) => void = () => {};
  const promise = new Promise<T>(resolver => {
    resolve = resolver;
  });
  return { promise, resolve };
}
