import { createExtensionPoint } from '@backstage/backend-plugin-api';
import type { IngressSource } from './IngressSource';

/**
 * Where modules of the events plugin add the senders they know.
 *
 * @public
 */
export interface IngressExtensionPoint {
  /**
   * Opens the ingress of the source's topic.
   *
   * @param source - the source; a second one for the same topic is an error
   */
  addIngressSource(source: IngressSource): void;
}

/**
 * Lets modules of the events plugin add an {@link IngressSource}.
 *
 * @remarks
 * The stock `eventsExtensionPoint` of `@backstage/plugin-events-node/alpha` works as well; it knows a validator,
 * but neither key nor deduplication.
 *
 * @public
 */
export const ingressExtensionPoint =
  createExtensionPoint<IngressExtensionPoint>({
    id: 'callboard.ingress',
  });
