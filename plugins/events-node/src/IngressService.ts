import { createServiceRef } from '@backstage/backend-plugin-api';

/**
 * A request that a sender has made, or has tried to make, as the sender tells of it later.
 *
 * @public
 */
export interface KeptRequest {
  /** Names in any case. Those that hold a credential are not stored. */
  headers: Record<string, string | string[] | undefined>;
  /** The body, parsed. */
  payload: unknown;
}

/**
 * What the log knows of some deliveries of a sender.
 *
 * @public
 */
export interface ReceivedDeliveries {
  /** The deduplication ids that the log has, of those that were asked for. */
  received: ReadonlySet<string>;
  /**
   * Since when nothing has been removed from the log, in milliseconds since the epoch. A delivery from before that, which
   * the log does not have, may have been there.
   */
  completeSinceMs: number;
}

/**
 * The most deliveries that {@link IngressService.findReceived} is asked for at once.
 *
 * @public
 */
export const maxDeliveriesAtOnce = 1_000;

/**
 * What modules of the events plugin need to fetch deliveries that did not arrive, from a sender that keeps them.
 *
 * @public
 */
export interface IngressService {
  /**
   * Finds out which deliveries of a sender the log has.
   *
   * @param topic - of the ingress
   * @param deduplicationIds - as the source of the ingress names them; at most {@link maxDeliveriesAtOnce}
   * @throws InputError when they are too many
   */
  findReceived(
    topic: string,
    deduplicationIds: readonly string[],
  ): Promise<ReceivedDeliveries>;

  /**
   * Takes requests in as if they had come through the ingress: the source of the ingress names key, deduplication id and
   * subtopics, and headers become metadata. Nothing is verified; whoever calls answers for the origin.
   *
   * @param topic - of the ingress
   * @param requests - appended in one commit, in this order, whole or not at all; at most 1,000
   * @returns for each whether the log had it already
   * @throws InputError when there is no such ingress, or one of them cannot be stored as it is
   * @throws ServiceUnavailableError when the store stayed away for the time of `events.publish.timeLimit`
   */
  receive(
    topic: string,
    requests: readonly KeptRequest[],
  ): Promise<{ duplicate: boolean }[]>;
}

/**
 * The ingresses of this process. Brought along by the events plugin, so only where that is.
 *
 * @public
 */
export const ingressServiceRef = createServiceRef<IngressService>({
  id: 'callboard.ingresses',
  scope: 'plugin',
});
