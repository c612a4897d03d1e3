import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import { HTTP } from 'cloudevents';
import { toHeaderValue } from './attributeText';
import {
  describeCloudEvent,
  type CloudEventOptions,
} from './describeCloudEvent';

/**
 * Writes an event in the JSON format of CloudEvents 1.0, which structured mode and batches are made of. The payload
 * stands in it as it was stored.
 */
export function writeStructuredCloudEvent(
  event: LogEvent,
  options: CloudEventOptions,
): string {
  const attributes = describeCloudEvent(event, options).toString();
  return `${attributes.slice(0, -1)},"data":${event.payload}}`;
}

/**
 * Writes the attributes of an event as headers, for binary mode of CloudEvents 1.0, in which the payload is the body.
 *
 * @returns by name; `content-type` is not among them
 */
export function writeCloudEventHeaders(
  event: LogEvent,
  options: CloudEventOptions,
): Record<string, string> {
  const { headers } = HTTP.binary(describeCloudEvent(event, options));
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('ce-') && typeof value === 'string'
        ? [[name, toHeaderValue(value)]]
        : [],
    ),
  );
}
