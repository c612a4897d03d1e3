import type { EventParams } from '@backstage/plugin-events-node';
import {
  eventMetadata,
  type NewEvent,
  type SourceDescription,
} from '@callboard/backstage-plugin-events-node';
import {
  checkKey,
  checkTopic,
  deriveEventId,
  nameEvent,
  writeMetadata,
  writePayload,
} from '@callboard/backstage-plugin-events-node/bus';

/** What accepting needs to know besides the event. */
export interface AcceptOptions {
  /** The plugin or ingress that the event comes from, such as `catalog` or `http/github`. */
  source: string;
  /** What the topic's source says about the event, if the topic has one. */
  describe?: (event: EventParams) => SourceDescription;
  /** W3C trace context of the current span, if there is one. */
  traceparent?: string;
  /** Whether events of a topic are kept for a short time and tried once; they keep no order. */
  isEphemeral?: (topic: string) => boolean;
  /** The most bytes a payload may have as JSON. */
  maxPayloadBytes: number;
  /**
   * Ids of subscriptions that have been given the event, under its own topic, by its publisher. They are not given it
   * again.
   */
  notified?: readonly string[];
}

/**
 * Checks an event, names it and keys it: turns what was published into what is appended.
 *
 * @param params - as given to `publish`
 * @returns the event, followed by itself under each subtopic; to be appended in one batch
 * @throws InputError with the remedy, when the event cannot be stored as it is
 */
export function acceptEvent(
  params: EventParams,
  options: AcceptOptions,
): NewEvent[] {
  const { topic } = params;
  checkTopic(topic);
  const { payload, size } = writePayload(params, options.maxPayloadBytes);
  const named = nameEvent(params, payload);
  const { id } = named;

  const description = options.describe?.(params) ?? {};
  const key = checkKey('key', description.key ?? named.key);
  const metadata = {
    ...named.metadata,
    [eventMetadata.source]: options.source,
    [eventMetadata.correlationId]: named.correlationId ?? id,
    ...(options.traceparent && { [eventMetadata.trace]: options.traceparent }),
  };
  const routedMetadata = writeMetadata(topic, metadata);
  const { notified = [] } = options;

  // What is tried once leaves nothing behind it that could wait.
  const keyOf = (name: string) =>
    options.isEphemeral?.(name) ? undefined : key;

  const event: NewEvent = {
    id,
    topic,
    key: keyOf(topic),
    deduplicationId: checkKey('deduplication id', description.deduplicationId),
    payload,
    metadata:
      notified.length === 0
        ? routedMetadata
        : writeMetadata(topic, {
            ...metadata,
            [eventMetadata.notified]: [...notified],
          }),
    size,
  };
  const routed = (description.subtopics ?? []).map(subtopic => {
    checkTopic(subtopic);
    return {
      ...event,
      id: deriveEventId(id, subtopic, payload),
      topic: subtopic,
      key: keyOf(subtopic),
      // Nobody has been given it under this topic yet.
      metadata: routedMetadata,
    };
  });
  return [event, ...routed];
}
