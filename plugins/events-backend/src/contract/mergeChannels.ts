import {
  eventsContract,
  type AsyncApiDocument,
} from '@callboard/backstage-plugin-events-common';
import type { ChannelDefinition } from '@callboard/backstage-plugin-events-node';

/**
 * Adds channels to the published contract.
 *
 * @param added - with names, messages and addresses that are not taken
 */
export function mergeChannels(
  added: readonly ChannelDefinition[],
): AsyncApiDocument {
  const { channels, operations, components } = eventsContract;
  return {
    ...eventsContract,
    channels: { ...channels, ...collect(added, toChannel) },
    operations: { ...operations, ...collect(added, toOperation) },
    components: {
      ...components,
      messages: { ...components.messages, ...collect(added, toMessage) },
      schemas: { ...components.schemas, ...collect(added, toSchema) },
    },
  };
}

/** The name of the operation that receives the events of a channel. */
export function nameOperation(channel: string): string {
  return `on${channel.charAt(0).toUpperCase()}${channel.slice(1)}`;
}

function collect<T>(
  added: readonly ChannelDefinition[],
  toEntry: (channel: ChannelDefinition) => [string, T],
): Record<string, T> {
  return Object.fromEntries(added.map(toEntry));
}

const toChannel = ({
  channel,
  address,
  title,
  description,
  message,
}: ChannelDefinition): [string, AsyncApiDocument['channels'][string]] => [
  channel,
  {
    address,
    title,
    description,
    messages: {
      [`${channel}Message`]: { $ref: `#/components/messages/${message}` },
    },
  },
];

const toOperation = ({
  channel,
  title,
}: ChannelDefinition): [string, AsyncApiDocument['operations'][string]] => [
  nameOperation(channel),
  {
    action: 'receive',
    summary: title,
    channel: { $ref: `#/channels/${channel}` },
    messages: [{ $ref: `#/channels/${channel}/messages/${channel}Message` }],
  },
];

const toMessage = ({
  message,
  title,
}: ChannelDefinition): [
  string,
  AsyncApiDocument['components']['messages'][string],
] => [
  message,
  {
    name: message,
    title,
    contentType: 'application/json',
    payload: { $ref: `#/components/schemas/${message}` },
  },
];

const toSchema = ({
  message,
  title,
  topic,
  payload,
}: ChannelDefinition): [
  string,
  AsyncApiDocument['components']['schemas'][string],
] => [
  message,
  {
    type: 'object',
    description: title,
    required: ['topic', 'eventPayload', 'metadata'],
    properties: {
      topic: { type: 'string', const: topic },
      eventPayload: payload,
      metadata: { $ref: '#/components/schemas/EventMetadata' },
    },
  },
];
