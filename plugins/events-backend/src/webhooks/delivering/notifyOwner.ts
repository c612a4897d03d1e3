import type { LoggerService } from '@backstage/backend-plugin-api';
import type { EventParams } from '@backstage/plugin-events-node';
import type { NotificationService } from '@backstage/plugin-notifications-node';
import { z } from 'zod';
import { disabledTopic, type EndpointDisabled } from './announceDisabled';

const disabledSchema = z.object({
  endpointId: z.string(),
  owner: z.string(),
  description: z.string(),
  reason: z.string(),
  disabledAt: z.string(),
}) satisfies z.ZodType<EndpointDisabled>;

/**
 * Makes the handler that tells owners by Backstage notifications that their endpoint was disabled.
 *
 * @returns a handler for the topic {@link disabledTopic}; it rejects, and is tried again, while the notifications plugin is
 *   away. A portal without that plugin is told in the log.
 */
export function createOwnerNotifier(options: {
  notifications: NotificationService;
  logger: LoggerService;
}): (params: EventParams) => Promise<void> {
  const { notifications, logger } = options;
  return async ({ eventPayload }) => {
    const { endpointId, owner, description, reason } =
      disabledSchema.parse(eventPayload);
    try {
      await notifications.send({
        recipients: { type: 'entity', entityRef: owner },
        payload: {
          title: `Webhook endpoint ${endpointId} was disabled`,
          description: `${reason}. Nothing is lost: its events wait until it is resumed.${
            description && ` (${description})`
          }`,
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
