import { InputError } from '@backstage/errors';
import type { EventParams } from '@backstage/plugin-events-node';
import {
  eventMetadata,
  type NewEvent,
  type SourceDescription,
} from '@callboard/backstage-plugin-events-node';
import {
  deriveEventId,
  isEventId,
  newEventId,
} from '@callboard/backstage-plugin-events-node/bus';

const maxTopicLength = 255;
/** PostgreSQL indexes a key together with a subscription, and a deduplication id with a topic, in 2,704 bytes. */
const maxKeyBytes = 1024;
/** Several times what Node.js takes as headers of a request. */
const maxMetadataBytes = 65_536;

const ours = new Set<string>(Object.values(eventMetadata));

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
 * @remarks
 * The id is the one that the publisher gave, or a new one. A handler that publishes with the metadata of the event it
 * was given (as the stock routers do) makes an event from another; such an event gets an id derived from the first,
 * from its topic and its payload, so that making it again after a retry stores nothing twice.
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
  const given = params.metadata ?? {};
  const givenId = readText(given, eventMetadata.id);
  // The metadata of an event that a handler was given name its topic; a publisher's own do not.
  const isDerived =
    givenId !== undefined && given[eventMetadata.topic] !== undefined;
  const id = chooseId(givenId, isDerived, topic, payload);

  const description = options.describe?.(params) ?? {};
  const key = readKey(
    'key',
    description.key ?? readText(given, eventMetadata.key),
  );
  const correlationId =
    readText(given, eventMetadata.correlationId) ?? (isDerived ? givenId : id);

  const metadata = {
    ...withoutOurs(given),
    [eventMetadata.source]: options.source,
    [eventMetadata.correlationId]: correlationId,
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
    deduplicationId: readKey('deduplication id', description.deduplicationId),
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

function chooseId(
  givenId: string | undefined,
  isDerived: boolean,
  topic: string,
  payload: string,
): string {
  if (givenId === undefined) {
    return newEventId();
  }
  if (!isEventId(givenId)) {
    throw new InputError(
      `The metadata '${eventMetadata.id}' must be a UUID, got '${givenId.slice(
        0,
        64,
      )}'`,
    );
  }
  return isDerived
    ? deriveEventId(givenId, topic, payload)
    : givenId.toLowerCase();
}

function writePayload(params: EventParams, maxBytes: number) {
  let payload: string | undefined;
  try {
    payload = JSON.stringify(params.eventPayload);
  } catch (error) {
    throw new InputError(
      `The payload of an event of topic '${params.topic}' cannot be written as JSON: it is cyclic, nested too deeply, or holds a value that JSON does not know`,
      error,
    );
  }
  // `undefined` and functions have no JSON; a handler is given null instead.
  payload ??= 'null';
  const size = Buffer.byteLength(payload);
  if (size > maxBytes) {
    throw new InputError(
      `The payload of an event of topic '${params.topic}' has ${size} bytes as JSON, more than the ${maxBytes} of events.publish.maxPayloadBytes`,
    );
  }
  return { payload, size };
}

function writeMetadata(
  topic: string,
  metadata: Record<string, string | string[] | undefined>,
): string {
  const text = JSON.stringify(metadata);
  const size = Buffer.byteLength(text);
  if (size > maxMetadataBytes) {
    throw new InputError(
      `The metadata of an event of topic '${topic}' has ${size} bytes as JSON, more than ${maxMetadataBytes}`,
    );
  }
  return text;
}

function withoutOurs(metadata: NonNullable<EventParams['metadata']>) {
  return Object.fromEntries(
    Object.entries(metadata).filter(
      ([name, value]) => value !== undefined && !ours.has(name),
    ),
  );
}

function readText(
  metadata: NonNullable<EventParams['metadata']>,
  name: string,
): string | undefined {
  const value = metadata[name];
  return typeof value === 'string' ? value : undefined;
}

function checkTopic(topic: string): void {
  if (typeof topic !== 'string' || topic.length === 0) {
    throw new InputError('An event needs a topic, a text that is not empty');
  }
  if (topic.length > maxTopicLength || hasControlCharacter(topic)) {
    throw new InputError(
      `A topic has at most ${maxTopicLength} characters, none of them a control character`,
    );
  }
}

/** An empty key is none. */
function readKey(what: string, key: string | undefined): string | undefined {
  if (
    key !== undefined &&
    (Buffer.byteLength(key) > maxKeyBytes || key.includes('\0'))
  ) {
    throw new InputError(
      `A ${what} has at most ${maxKeyBytes} bytes and no zero character`,
    );
  }
  return key === '' ? undefined : key;
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) {
      return true;
    }
  }
  return false;
}
