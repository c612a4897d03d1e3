import {
  coreServices,
  createServiceFactory,
} from '@backstage/backend-plugin-api';
import {
  eventsServiceRef,
  type EventParams,
} from '@backstage/plugin-events-node';
import { type DurableEventsService } from '../DurableEventsService';
import { checkEventCount } from '../eventRules';
import { FailureLog } from '../FailureLog';
import { HandlerBus } from '../handling/HandlerBus';
import { HandlingTelemetry } from '../handling/HandlingTelemetry';
import { BusClient } from './BusClient';
import { readClientSettings } from './readClientSettings';
import { RemotePublisher } from './RemotePublisher';
import { RemoteSubscriber } from './RemoteSubscriber';
import { RemoteSubscriptionAccess } from './RemoteSubscriptionAccess';

/**
 * The events service for a backend without the events plugin: publishes to, and subscribes at, the events plugin of
 * another process, over HTTP, with the promises that it has there.
 *
 * @remarks
 * The other process is found by discovery (`discovery.endpoints`), and has to run Callboard's events plugin.
 *
 * @example
 * ```ts
 * backend.add(eventsServiceFactory);
 * ```
 *
 * @public
 */
export const eventsServiceFactory = createServiceFactory({
  service: eventsServiceRef,
  deps: {
    plugin: coreServices.pluginMetadata,
    config: coreServices.rootConfig,
    discovery: coreServices.discovery,
    auth: coreServices.auth,
    lifecycle: coreServices.lifecycle,
    logger: coreServices.logger,
  },
  factory({ plugin, config, discovery, auth, lifecycle, logger }) {
    const pluginId = plugin.getId();
    const settings = readClientSettings(config);
    const client = new BusClient({ discovery, auth });
    const failures = new FailureLog({
      logger,
      failed: 'Publishing events failed, trying again',
      worked: 'Publishing events goes on',
    });
    const publisher = new RemotePublisher({
      client,
      ...settings.publishing,
      failures,
    });
    const access = new RemoteSubscriptionAccess({
      client,
      callLimitMs: settings.handling.callLimitMs,
    });
    const bus = new HandlerBus({
      access,
      options: settings.handling,
      observer: new HandlingTelemetry(),
      logger,
    });
    const subscriber = new RemoteSubscriber({
      bus,
      access,
      patienceMs: settings.subscribePatienceMs,
      retryDelayMs: settings.handling.errorDelayMs,
      logger,
    });
    lifecycle.addShutdownHook(async () => {
      subscriber.stop();
      await bus.stop();
      await publisher.stop();
    });

    const publishAll = async (events: readonly EventParams[]) => {
      checkEventCount(events);
      await publisher.publish(events);
    };
    const service: DurableEventsService = {
      publish: params => publishAll([params]),
      publishAll,
      subscribe: options =>
        subscriber.subscribe({ ...options, id: `${pluginId}.${options.id}` }),
    };
    return service;
  },
});
