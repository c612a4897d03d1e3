import { InputError } from '@backstage/errors';
import type { EndpointFormat } from '@callboard/backstage-plugin-events-common';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import { CONSTANTS } from 'cloudevents';
import type { CloudEventOptions } from './describeCloudEvent';
import { readTraceparent } from './readTraceparent';
import {
  writeCloudEventHeaders,
  writeStructuredCloudEvent,
} from './writeCloudEvent';
import { writeMessage } from './writeMessage';

/** What a request carries. */
export interface Content {
  contentType: string;
  /** Further headers that belong to it, by name in lower case. */
  headers: Record<string, string>;
  /** The bytes to sign and to send. */
  body: Buffer;
}

/** In which form events are sent. */
export interface ContentOptions {
  format: EndpointFormat;
  /** Whether the body is an array, of one event too: a receiver of batches need not tell two forms apart. */
  isBatch: boolean;
  /**
   * What the `source` of CloudEvents begins with: a URI-reference, such as the URL of the portal, which the
   * specification recommends. Default: `/backstage`.
   */
  source?: string;
  /**
   * Whether the request carries the trace of its event, as a header and as an attribute of CloudEvents. A batch has a
   * trace for each event and so no header. Default: `false`.
   */
  traceparent?: boolean;
}

const defaultSource = '/backstage';

/**
 * Makes the content of a request: what is sent of some events. The same events and options give the same bytes, at every
 * attempt.
 *
 * @param events - one, or for a batch at least one
 * @throws InputError for a batch of CloudEvents in binary mode, which there is not (HTTP Protocol Binding for CloudEvents
 *   1.0.2, section 3.3)
 */
export function makeContent(
  events: readonly LogEvent[],
  options: ContentOptions,
): Content {
  const { format, isBatch, source = defaultSource } = options;
  const [event, ...others] = events;
  if (event === undefined || (others.length > 0 && !isBatch)) {
    throw new Error(
      `A request carries one event, or a batch of them; got ${events.length}`,
    );
  }
  const traceparent = options.traceparent ?? false;
  const attributes: CloudEventOptions = { source, traceparent };
  const trace = traceparent && !isBatch ? readTraceparent(event) : undefined;
  const headers: Record<string, string> =
    trace === undefined ? {} : { traceparent: trace };

  switch (format) {
    case 'message': {
      const body = writeBody(events, isBatch, writeMessage);
      return { contentType: CONSTANTS.MIME_JSON, headers, body };
    }
    case 'cloudevents-structured': {
      const body = writeBody(events, isBatch, each =>
        writeStructuredCloudEvent(each, attributes),
      );
      const contentType = isBatch
        ? CONSTANTS.MIME_CE_BATCH
        : CONSTANTS.MIME_CE_JSON;
      return { contentType, headers, body };
    }
    case 'cloudevents-binary':
      if (isBatch) {
        throw new InputError(
          "CloudEvents in binary mode are sent one by one: leave 'batch' out, or choose the format 'cloudevents-structured'",
        );
      }
      return {
        contentType: CONSTANTS.MIME_JSON,
        headers: { ...headers, ...writeCloudEventHeaders(event, attributes) },
        body: Buffer.from(event.payload),
      };
    default:
      throw new Error(`Unknown format ${JSON.stringify(format)}`);
  }
}

function writeBody(
  events: readonly LogEvent[],
  isBatch: boolean,
  write: (event: LogEvent) => string,
): Buffer {
  const texts = events.map(write).join(',');
  return Buffer.from(isBatch ? `[${texts}]` : texts);
}
