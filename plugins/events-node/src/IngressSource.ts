import type { EventParams } from '@backstage/plugin-events-node';

/**
 * A request at an ingress, before anything of it is believed.
 *
 * @public
 */
export interface IngressRequest {
  /** Names in lower case. */
  headers: Record<string, string | string[] | undefined>;
  /** The body, byte for byte as it was sent. */
  body: Buffer;
}

/**
 * Whether a request may pass an ingress.
 *
 * @public
 */
export type IngressVerdict =
  | { accepted: true }
  | {
      accepted: false;
      /** A word for metrics and logs, such as `signature`. Never holds a secret. */
      reason: string;
      /** What the sender is told. Tells nothing that helps to guess a secret. */
      message: string;
    };

/**
 * What a source knows about an event of its topic.
 *
 * @public
 */
export interface SourceDescription {
  /** What must stay in order, such as the repository. */
  key?: string;
  /** The sender's own id of this delivery. The same id within the retention of the log is stored once. */
  deduplicationId?: string;
  /** Further topics that the event is posted under in the same append, such as `github.push`. */
  subtopics?: string[];
}

/**
 * What Callboard knows about one sender of webhooks.
 *
 * @remarks
 * The seam for modules: one source per topic, added through {@link ingressExtensionPoint}.
 *
 * @public
 */
export interface IngressSource {
  /** The topic, and the last segment of the ingress' path. */
  topic: string;
  /**
   * Headers that hold a secret or a proof, in lower case. They are never stored, whatever they are called; those with
   * a telling name, such as `authorization` or `x-hub-signature-256`, are left out for every source.
   */
  secretHeaders?: string[];
  /**
   * Checks that a request comes from the sender. Runs before the body is parsed; a refused request is answered with
   * 403.
   */
  verify(request: IngressRequest): Promise<IngressVerdict>;
  /**
   * Names what an event of the topic is about. Applied to each event of the topic, whichever way it comes in:
   * the ingress, `publish`, or a queue that another module reads.
   *
   * @remarks
   * Pure and fast; the payload was made by the sender and may have any shape. When it throws, the event is refused.
   */
  describe?(event: EventParams): SourceDescription;
}
