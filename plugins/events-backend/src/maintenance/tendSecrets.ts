import type { LoggerService } from '@backstage/backend-plugin-api';
import type { EndpointPool } from '../endpoints';
import type { Chore } from './Chore';

const endpointsPerTurn = 100;

/**
 * Removes signing keys that have ended, and seals secrets anew with the newest key, so that older keys can be taken out of
 * the configuration.
 */
export function tendSecrets(options: {
  endpoints: Pick<EndpointPool, 'expireKeys' | 'resealOutdated'>;
  /** Called when an endpoint has other keys than before. */
  onChanged: () => void;
  logger: LoggerService;
}): Chore {
  const { endpoints, onChanged, logger } = options;
  return {
    id: 'tend-secrets',
    intervalMs: 60_000,
    initialDelayMs: 30_000,
    async run() {
      const expired = await endpoints.expireKeys();
      if (expired > 0) {
        onChanged();
        logger.info(`${expired} signing keys of endpoints have ended`);
      }
      const sealed = await endpoints.resealOutdated(endpointsPerTurn);
      if (sealed > 0) {
        onChanged();
        logger.info(
          `The secrets of ${sealed} endpoints were encrypted anew with the newest key (events.webhooks.encryptionKeys)`,
        );
      }
    },
  };
}
