import type { LoggerService } from '@backstage/backend-plugin-api';
import type { NotificationService } from '@backstage/plugin-notifications-node';
import { disabledTopic, type EndpointDisabled } from './EndpointDisabled';

/**
 * Makes what tells owners by Backstage notifications that their endpoint was disabled.
 *
 * @returns rejects while the notifications plugin is away. A portal without that plugin is told in the log.
 */
export function createOwnerNotifier(options: {
  notifications: NotificationService;
  logger: LoggerService;
}): (disabled: EndpointDisabled) => Promise<void> {
  const { notifications, logger } = options;
  return async ({ endpointId, owner, description, reason }) => {
    try {
      await notifications.send({
        recipients: { type: 'entity', entityRef: owner },
        payload: {
          title: `Webhook endpoint ${endpointId} was disabled`,
          description: [
            reason && `${reason}.`,
            'Nothing is lost: its events wait until it is resumed.',
            description && `(${description})`,
          ]
            .filter(Boolean)
            .join(' '),
          severity: 'high',
          topic: disabledTopic,
          // One notification for an endpoint, which is renewed.
          scope: `${disabledTopic}:${endpointId}`,
        },
      });
    } catch (error) {
      if (!isNotInstalled(error)) {
        throw error;
      }
      logger.warn(
        `Nobody could tell ${owner} that the endpoint ${endpointId} was disabled, because the notifications plugin is not installed`,
      );
    }
  };
}

/** The service tells the status of an answer in words only. */
function isNotInstalled(error: unknown): boolean {
  return error instanceof Error && /status 404\b/.test(error.message);
}
