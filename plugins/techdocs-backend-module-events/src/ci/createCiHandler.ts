import type { LoggerService } from '@backstage/backend-plugin-api';
import { isError } from '@backstage/errors';
import {
  describeEvent,
  type DurableEventsService,
} from '@callboard/backstage-plugin-events-node';
import { readCiBuild, type PostedEvent } from './readCiBuild';

/**
 * Makes the handler that turns what CI posted into events of the contract.
 *
 * @remarks
 * What does not fit never will, so it is logged and dropped. A failure to publish is thrown, and the event given again.
 */
export function createCiHandler(options: {
  events: Pick<DurableEventsService, 'publish'>;
  logger: LoggerService;
}): (params: PostedEvent) => Promise<void> {
  const { events, logger } = options;
  return async params => {
    const drop = (reason: string) =>
      logger.warn(
        `Dropped event ${describeEvent(params).id} of topic '${
          params.topic
        }', which tells of no build: ${reason}`,
      );
    const build = readCiBuild(params);
    if (!build.fits) {
      drop(build.reason);
      return;
    }
    try {
      await events.publish(build.event);
    } catch (error) {
      if (!isError(error) || error.name !== 'InputError') {
        throw error;
      }
      drop(error.message);
    }
  };
}
