import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import { CloudEvent } from 'cloudevents';
import { z } from 'zod';
import { toAttributeText, toSourceReference } from './attributeText';
import { readTraceparent } from './readTraceparent';
import { selectMetadata } from './selectMetadata';

/** What the attributes of CloudEvents depend on besides the event. */
export interface CloudEventOptions {
  /** What the source of each begins with: a URI-reference, such as `/backstage` or the URL of the portal. */
  source: string;
  /** Whether they have the trace of their event. */
  traceparent: boolean;
}

/**
 * The specification says that types SHOULD begin with a reverse-DNS name, of whoever says what they mean. These are
 * topics of Backstage, whose own domain it is; a receiver that gets events from elsewhere too cannot take its `catalog`
 * for another. Always the same and nothing else, so that the topic can be read from the type.
 */
const typePrefix = 'io.backstage.';

/**
 * Some receivers take no more than 8 KiB of headers. A key, which is there twice and may be encoded, has its own limit
 * of 1,024 bytes; metadata have none.
 */
const maxAttributeLength = 1_024;

const dateTimeSchema = z.iso.datetime({ offset: true });

/**
 * Describes an event in the attributes of CloudEvents 1.0, with the extensions Partitioning, Correlation and Distributed
 * Tracing, and without its data.
 *
 * @remarks
 * The data are left to whoever writes the event: the SDK writes JSON anew, and in binary mode leaves the quotation marks
 * of a text out.
 */
export function describeCloudEvent(
  event: LogEvent,
  options: CloudEventOptions,
): CloudEvent {
  const { source, timestamp, correlationId = '' } = selectMetadata(event);
  const traceparent = options.traceparent ? readTraceparent(event) : undefined;
  const key = event.key && toAttributeText(event.key);
  return new CloudEvent({
    id: event.id,
    source: toSourceReference(
      options.source,
      source.slice(0, maxAttributeLength),
    ),
    type: `${typePrefix}${toAttributeText(event.topic)}`,
    time: readTime(timestamp) ?? new Date(event.timeMs).toISOString(),
    datacontenttype: 'application/json',
    ...(key && { subject: key, partitionkey: key }),
    // Of one that is cut, another event might have the same.
    ...(correlationId !== '' &&
      correlationId.length <= maxAttributeLength && {
        correlationid: toAttributeText(correlationId),
      }),
    ...(traceparent !== undefined && { traceparent }),
  });
}

/** When it happened, if its publisher says so in a form that the specification takes. */
function readTime(timestamp: string): string | undefined {
  return dateTimeSchema.safeParse(timestamp).success
    ? new Date(timestamp).toISOString()
    : undefined;
}
