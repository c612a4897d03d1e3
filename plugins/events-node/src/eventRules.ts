import { InputError } from '@backstage/errors';
import type { EventParams } from '@backstage/plugin-events-node';
import { maxEventsAtOnce } from './DurableEventsService';

const maxTopicLength = 255;
/** PostgreSQL indexes a key together with a subscription, and a deduplication id with a topic, in 2,704 bytes. */
const maxKeyBytes = 1024;

/**
 * The most bytes that the metadata of an event may have as JSON: several times what Node.js takes as headers of a
 * request.
 *
 * @public
 */
export const maxMetadataBytes = 65_536;

/**
 * The most bytes that a payload may have as JSON, unless `events.publish.maxPayloadBytes` says otherwise.
 *
 * @public
 */
export const defaultMaxPayloadBytes = 32 * 1024 * 1024;

/**
 * Refuses what cannot be a topic.
 *
 * @throws InputError
 *
 * @public
 */
export function checkTopic(topic: string): void {
  if (typeof topic !== 'string' || topic.length === 0) {
    throw new InputError('An event needs a topic, a text that is not empty');
  }
  if (topic.length > maxTopicLength || hasControlCharacter(topic)) {
    throw new InputError(
      `A topic has at most ${maxTopicLength} characters, none of them a control character`,
    );
  }
}

/**
 * Refuses what cannot be a key or a deduplication id; an empty one is none.
 *
 * @param what - how the error calls it
 * @throws InputError
 *
 * @public
 */
export function checkKey(
  what: string,
  key: string | undefined,
): string | undefined {
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

/**
 * Writes the payload of an event as JSON text.
 *
 * @param maxBytes - the most that it may have
 * @returns the text, and its size in bytes
 * @throws InputError when JSON cannot hold it, or it is too large
 *
 * @public
 */
export function writePayload(
  params: EventParams,
  maxBytes: number,
): { payload: string; size: number } {
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

/**
 * Writes the metadata of an event as JSON text.
 *
 * @param topic - of the event, for the error
 * @param maxBytes - the most that it may have
 * @throws InputError when it is too large, or a value is neither a text nor a list of texts: TypeScript does not stop
 * everybody, and a reader in another process would refuse the whole batch
 *
 * @public
 */
export function writeMetadata(
  topic: string,
  metadata: NonNullable<EventParams['metadata']>,
  maxBytes: number = maxMetadataBytes,
): string {
  const misfit = Object.keys(metadata).find(
    name => !isMetadata(metadata[name]),
  );
  if (misfit !== undefined) {
    throw new InputError(
      `The metadata '${misfit}' of an event of topic '${topic}' is neither a text nor a list of texts`,
    );
  }
  const text = JSON.stringify(metadata);
  const size = Buffer.byteLength(text);
  if (size > maxBytes) {
    throw new InputError(
      `The metadata of an event of topic '${topic}' has ${size} bytes as JSON, more than ${maxBytes}`,
    );
  }
  return text;
}

function isMetadata(value: unknown): boolean {
  return (
    value === undefined ||
    typeof value === 'string' ||
    (Array.isArray(value) && value.every(one => typeof one === 'string'))
  );
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

/**
 * Checks how many events are to be published at once.
 *
 * @throws InputError when they are more than {@link maxEventsAtOnce}
 */
export function checkEventCount(events: readonly unknown[]): void {
  if (events.length > maxEventsAtOnce) {
    throw new InputError(
      `At most ${maxEventsAtOnce} events can be published at once, got ${events.length}`,
    );
  }
}
