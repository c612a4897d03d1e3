import { InputError } from '@backstage/errors';
import {
  maxDeliveriesAtOnce,
  type IngressService,
} from '@callboard/backstage-plugin-events-node';
import { checkEventCount } from '@callboard/backstage-plugin-events-node/bus';
import type { Accept } from '../model/accept';
import { readHeaders } from '../model/headers';
import type { Ingresses } from './Ingresses';

/** Makes what modules fetch deliveries with that did not arrive. */
export function createIngressService(options: {
  ingresses: Ingresses;
  accept: Accept;
  log: {
    findDeduplicationIds(
      topic: string,
      ids: readonly string[],
    ): Promise<string[]>;
    readCompleteSince(): Promise<number>;
  };
  /** Whether events of a topic are kept for a short time. */
  isEphemeral: (topic: string) => boolean;
  /** How long the store may take, in milliseconds. */
  timeLimitMs: number;
}): IngressService {
  const { ingresses, accept, log, isEphemeral, timeLimitMs } = options;
  return {
    async findReceived(topic, deduplicationIds) {
      if (deduplicationIds.length > maxDeliveriesAtOnce) {
        throw new InputError(
          `At most ${maxDeliveriesAtOnce} deliveries can be looked for at once, got ${deduplicationIds.length}`,
        );
      }
      const received = await log.findDeduplicationIds(topic, deduplicationIds);
      // Afterwards: what is trimmed in between is told to be.
      const completeSinceMs = isEphemeral(topic)
        ? Infinity
        : await log.readCompleteSince();
      return { received: new Set(received), completeSinceMs };
    },

    async receive(topic, requests) {
      const ingress = ingresses.get(topic);
      if (!ingress) {
        throw new InputError(`There is no ingress for topic '${topic}'`);
      }
      checkEventCount(requests);
      return accept(
        requests.map(({ headers, payload }) => ({
          topic,
          eventPayload: payload,
          metadata: readHeaders(
            Object.fromEntries(
              Object.entries(headers).map(([name, value]) => [
                name.toLowerCase(),
                value,
              ]),
            ),
            ingress.source?.secretHeaders,
          ),
        })),
        { source: `http/${topic}`, timeLimitMs },
      );
    },
  };
}
