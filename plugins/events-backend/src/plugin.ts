import {
  coreServices,
  createBackendFeatureLoader,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import type { HttpBodyParserOptions } from '@backstage/plugin-events-node';
import { eventsExtensionPoint } from '@backstage/plugin-events-node/alpha';
import { catalogServiceRef } from '@backstage/plugin-catalog-node';
import { notificationService } from '@backstage/plugin-notifications-node';
import { eventsPermissions } from '@callboard/backstage-plugin-events-common';
import {
  contractExtensionPoint,
  ingressExtensionPoint,
} from '@callboard/backstage-plugin-events-node';
import type { JsonObject } from '@backstage/types';
import Router from 'express-promise-router';
import {
  answerStoreFailures,
  createApiRouter,
  createContractRouter,
  createJwksRouter,
  registerEndpointPermissions,
} from './api';
import { createBusV1Router, createBusV2Router } from './bus';
import { Contract } from './contract';
import { createWebhooks } from './createWebhooks';
import { createIngressRouter, Ingresses, readIngressSettings } from './ingress';
import {
  endUnwantedTopics,
  expireSilentSubscriptions,
  removeDeadDeliveries,
  removeOldAttempts,
  keepDeclaredEndpoints,
  rescueLapsedBatches,
  scheduleChores,
  tendSecrets,
  trimEphemeralTopics,
  trimLog,
} from './maintenance';
import {
  createSystemServiceFactory,
  eventsServiceFactory,
  ingressServiceFactory,
  systemServiceRef,
} from './services';

/** Public keys of endpoints, which receivers read without credentials. */
const jwksPath = '/webhooks/jwks';

const createEventsPlugin = (ingresses: Ingresses, contract: Contract) =>
  createBackendPlugin({
    pluginId: 'events',
    register(env) {
      const stockBodyParsers: HttpBodyParserOptions[] = [];
      env.registerExtensionPoint(ingressExtensionPoint, {
        addIngressSource: source => ingresses.addSource(source),
      });
      env.registerExtensionPoint(contractExtensionPoint, {
        addChannel: channel => contract.add(channel),
      });
      env.registerExtensionPoint(eventsExtensionPoint, {
        addHttpPostIngress: ({ topic, validator }) =>
          ingresses.addValidator(topic, validator),
        addHttpPostBodyParser: parser => stockBodyParsers.push(parser),
        setEventBroker: () => refuseOldStyle('setEventBroker'),
        addPublishers: () => refuseOldStyle('addPublishers'),
        addSubscribers: () => refuseOldStyle('addSubscribers'),
      });

      env.registerInit({
        deps: {
          handle: systemServiceRef,
          auditor: coreServices.auditor,
          auth: coreServices.auth,
          catalog: catalogServiceRef,
          config: coreServices.rootConfig,
          httpAuth: coreServices.httpAuth,
          httpRouter: coreServices.httpRouter,
          lifecycle: coreServices.lifecycle,
          logger: coreServices.logger,
          notifications: notificationService,
          permissions: coreServices.permissions,
          permissionsRegistry: coreServices.permissionsRegistry,
          scheduler: coreServices.scheduler,
        },
        async init({ handle, ...services }) {
          const { config, httpRouter, logger, scheduler } = services;
          const http = readIngressSettings(config);
          http.topics.forEach(topic => ingresses.open(topic));
          http.sources.forEach(source => ingresses.addSource(source));
          for (const topic of ingresses.closeUnguarded(
            Object.keys(config.getOptional<JsonObject>('events.modules') ?? {}),
          )) {
            logger.error(
              `The ingress of topic '${topic}' refuses everything: events.modules.${topic} is configured, but the module that checks its webhooks is not there, or has not started. To take events from anybody, remove that configuration.`,
            );
          }

          const system = await handle.system;
          const {
            log,
            subscriptions,
            deliveries,
            endpoints,
            notifier,
            settings,
            telemetry,
          } = system;

          if (http.maxBodyBytes > settings.publish.maxPayloadBytes) {
            throw new Error(
              'Invalid configuration: events.http.maxBodyBytes must not be above events.publish.maxPayloadBytes',
            );
          }
          const router = Router();
          router.use(
            '/http',
            createIngressRouter({
              ingresses,
              accept: system.accept,
              bodyParsers: Object.fromEntries(
                stockBodyParsers.map(({ contentType, parser }) => [
                  contentType,
                  parser,
                ]),
              ),
              logger,
              observer: telemetry,
              maxBodyBytes: http.maxBodyBytes,
              maxHeldBytes: http.maxHeldBytes,
              timeLimitMs: http.timeLimitMs,
            }),
          );
          httpRouter.addAuthPolicy({ path: '/http', allow: 'unauthenticated' });
          for (const { topic, source, validator } of ingresses.list()) {
            if (!source && !validator) {
              logger.warn(
                `The ingress of topic '${topic}' takes events from anybody. Give it a proof of origin in events.http.ingresses, or install the module of its sender.`,
              );
            }
            logger.info(
              `Registered /api/events/http/${topic} to receive events`,
            );
          }

          router.use(
            '/bus/v1',
            createBusV1Router({
              reader: system.busV1,
              access: system.access,
              subscriptions,
              publish: (event, from) =>
                system.accept([event], {
                  ...from,
                  timeLimitMs: settings.publish.timeLimitMs,
                }),
              httpAuth: services.httpAuth,
              maxPayloadBytes: settings.publish.maxPayloadBytes,
            }),
          );
          router.use(
            '/bus/v2',
            createBusV2Router({
              pool: subscriptions,
              notifier,
              accept: system.accept,
              httpAuth: services.httpAuth,
              reading: settings.reading,
              publish: settings.publish,
              stopping: system.stopping,
            }),
          );

          const outbound = await createWebhooks({ system, ...services });

          services.permissionsRegistry.addPermissions(eventsPermissions);
          registerEndpointPermissions(services.permissionsRegistry, endpoints);
          router.use(
            jwksPath,
            createJwksRouter({ endpoints, door: outbound.door }),
          );
          httpRouter.addAuthPolicy({
            path: jwksPath,
            allow: 'unauthenticated',
          });
          router.use(
            '/v1',
            createApiRouter({
              ...services,
              log,
              subscriptions,
              deliveries,
              endpoints,
              door: outbound.door,
              notifier,
              follow: system.streams,
              listIngressTopics: () =>
                ingresses.list().map(({ topic }) => topic),
            }),
          );

          router.use(
            createContractRouter({
              document: () => contract.document(),
              httpAuth: services.httpAuth,
            }),
          );

          router.use(
            answerStoreFailures({
              isUnavailable: system.isUnavailable,
              logger,
            }),
          );
          httpRouter.use(router);
          if (!config.getOptionalBoolean('permission.enabled')) {
            logger.warn(
              'Permissions are off (permission.enabled): every signed-in user may read all events, replay them, and have them sent to any endpoint',
            );
          }

          telemetry.measureLag(() => subscriptions.listLags());
          await scheduleChores(scheduler, [
            rescueLapsedBatches({
              subscriptions,
              notifier,
              observer: telemetry,
              logger,
              intervalMs: settings.reading.leaseMs / 3,
            }),
            trimLog({
              log,
              subscriptions,
              deliveries,
              retention: settings.retention,
              observer: telemetry,
              logger,
            }),
            trimEphemeralTopics({
              log,
              ephemeral: settings.ephemeral,
              observer: telemetry,
              logger,
            }),
            expireSilentSubscriptions({
              subscriptions,
              expireAfterMs: settings.expireSubscriptionsAfterMs,
              logger,
            }),
            endUnwantedTopics({ subscriptions, logger }),
            removeDeadDeliveries({
              deliveries,
              keepMs: settings.keepDeadMs,
              logger,
            }),
            removeOldAttempts({
              endpoints,
              keepMs: settings.webhooks.keepAttemptsMs,
              logger,
            }),
            keepDeclaredEndpoints({
              endpoints,
              subscriptions,
              declared: outbound.declared,
              onChanged: () => outbound.door.announceChange(),
              logger,
            }),
            tendSecrets({
              endpoints,
              onChanged: () => outbound.door.announceChange(),
              logger,
            }),
          ]);
          services.lifecycle.addShutdownHook(() => outbound.stop());
          await outbound.start();
        },
      });
    },
  });

function refuseOldStyle(method: string): never {
  throw new Error(
    `${method} is not supported anymore, as in the stock plugin; use eventsServiceRef, or createEventBroker of @callboard/backstage-plugin-events-node`,
  );
}

/**
 * The events plugin, and the events service that goes with it.
 *
 * @example
 * ```ts
 * backend.add(import('@callboard/backstage-plugin-events-backend'));
 * ```
 *
 * @public
 */
export const eventsFeature = createBackendFeatureLoader({
  *loader() {
    const ingresses = new Ingresses();
    const contract = new Contract();
    yield createSystemServiceFactory({ ingresses, contract });
    yield eventsServiceFactory;
    yield ingressServiceFactory;
    yield createEventsPlugin(ingresses, contract);
  },
});
