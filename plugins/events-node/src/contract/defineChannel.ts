import { InputError } from '@backstage/errors';
import type { EventParams } from '@backstage/plugin-events-node';
import type { ValidateFunction } from 'ajv';
import type {
  EventMetadata,
  JsonSchema,
} from '@callboard/backstage-plugin-events-common';
import { newEventId } from '../eventId';
import { createEventParams, type EventDescription } from '../metadata';
import type { Topic } from '../Topic';
import { readSchema } from './readContract';
import { compileSchema, describeMisfit, type Misfit } from './validation';

/**
 * What a channel is, as it stands in the contract: an AsyncAPI 3.0 document.
 *
 * @public
 */
export interface ChannelDefinition {
  /** Name of the channel, such as `permissionPolicyChange`. */
  readonly channel: string;
  /** Its address, such as `backstage/permission/policy`. */
  readonly address: string;
  /** Name of its message, such as `PermissionPolicyChangeEvent`. */
  readonly message: string;
  /** The topic that its events are published under, such as `permission`. */
  readonly topic: string;
  /** A few words, such as `Changes of the permission policy`. */
  readonly title: string;
  /** When its events are published, and what subscribers may rely on. */
  readonly description: string;
  /**
   * JSON Schema (draft 7) of the `eventPayload`: an object without `$ref`. `z.toJSONSchema(schema, { target: 'draft-7' })`
   * makes one from a schema of zod.
   */
  readonly payload: JsonSchema;
  /**
   * A field of the payload by which events of this channel are known, where other channels have the same topic. Default:
   * every event of the topic is one of this channel.
   */
  readonly knownBy?: string;
}

/**
 * An event that fits the contract.
 *
 * @public
 */
export interface ContractEvent<TPayload> extends EventParams<TPayload> {
  metadata: EventMetadata;
}

/**
 * What is said about an event of the contract besides its payload.
 *
 * @public
 */
export interface ContractEventDescription extends EventDescription {
  /** The plugin or system that it comes from, such as `catalog`. */
  source: string;
  /** When it happened. Default: now. */
  timestamp?: Date;
}

/**
 * A channel of the contract: a topic with a type, whose events carry the metadata that the contract asks for.
 *
 * @public
 */
export interface ContractChannel<TPayload> extends Topic<TPayload> {
  readonly definition: ChannelDefinition;
  /**
   * Makes parameters for `publish` that fit the contract.
   *
   * @param event - the payload, and what else is known about the event; without an id it is given one
   * @throws InputError that says what does not fit, and where
   */
  event(
    event: ContractEventDescription & {
      eventPayload: TPayload;
      metadata?: EventParams['metadata'];
    },
  ): ContractEvent<TPayload>;
  /** Whether parameters that a handler was given are an event of this channel, and fit the contract. */
  recognises(params: EventParams): params is ContractEvent<TPayload>;
  /**
   * Checks a whole event.
   *
   * @returns what does not fit and where, as JSON Pointer and reason; undefined when all fits
   */
  findMisfit(params: EventParams): Misfit | undefined;
}

/**
 * Defines a channel: its place in the contract, and the type of its payloads.
 *
 * @remarks
 * Register it through `contractExtensionPoint`, so that it stands in the contract of the instance and what others
 * publish under its topic is checked.
 *
 * @typeParam TPayload - what the schema describes
 * @throws InputError when the schema is not valid, or has a `$ref`
 *
 * @example
 * ```ts
 * const policySchema = z.object({ action: z.enum(['updated']), policy: z.string() });
 *
 * export const permissionPolicyChange = defineChannel<z.infer<typeof policySchema>>({
 *   channel: 'permissionPolicyChange',
 *   address: 'backstage/permission/policy',
 *   message: 'PermissionPolicyChangeEvent',
 *   topic: 'permission',
 *   title: 'Changes of the permission policy',
 *   description: 'The policy was replaced, and decisions may differ from now on.',
 *   payload: z.toJSONSchema(policySchema, { target: 'draft-7' }),
 * });
 * ```
 *
 * @public
 */
export function defineChannel<TPayload>(
  definition: ChannelDefinition,
): ContractChannel<TPayload> {
  const checks = compileChecks<TPayload>(definition);
  return createChannel(definition, () => checks);
}

/**
 * The same for a channel of the published contract. What it is checked with is made when it is first needed: every
 * process imports these channels, and most never look at one.
 */
export function definePublishedChannel<TPayload>(
  definition: ChannelDefinition,
): ContractChannel<TPayload> {
  let checks: Checks<TPayload> | undefined;
  return createChannel(definition, () => {
    checks ??= compileChecks<TPayload>(definition);
    return checks;
  });
}

/** What a payload, and a whole message, has to be. */
interface Checks<TPayload> {
  payload: ValidateFunction<TPayload>;
  message: ValidateFunction<ContractEvent<TPayload>>;
}

function compileChecks<TPayload>(
  definition: ChannelDefinition,
): Checks<TPayload> {
  const { channel } = definition;
  return {
    payload: compileSchema<TPayload>(
      `the payload of channel '${channel}'`,
      definition.payload,
    ),
    message: compileSchema<ContractEvent<TPayload>>(
      `channel '${channel}'`,
      messageSchema(definition),
    ),
  };
}

function createChannel<TPayload>(
  definition: ChannelDefinition,
  checks: () => Checks<TPayload>,
): ContractChannel<TPayload> {
  const { topic, knownBy } = definition;
  const concerns = (payload: unknown) =>
    knownBy === undefined || (isObject(payload) && knownBy in payload);

  const findMisfit = (params: EventParams): Misfit | undefined =>
    checks().message(params)
      ? undefined
      : describeMisfit(checks().message.errors);

  return {
    name: topic,
    definition,
    concerns,
    findMisfit,
    recognises: (params): params is ContractEvent<TPayload> =>
      params.topic === topic &&
      concerns(params.eventPayload) &&
      checks().message(params),
    parse(payload) {
      const fits = checks().payload;
      if (!fits(payload)) {
        const { path, reason } = describeMisfit(fits.errors);
        throw misfitError(topic, { path: `/eventPayload${path}`, reason });
      }
      return payload;
    },
    event({ eventPayload, source, timestamp, id = newEventId(), ...rest }) {
      const params = createEventParams({
        ...rest,
        id,
        topic,
        eventPayload,
        metadata: {
          ...rest.metadata,
          source,
          eventId: id,
          timestamp: (timestamp ?? new Date()).toISOString(),
          ...(rest.correlationId !== undefined && {
            correlationId: rest.correlationId,
          }),
        },
      });
      const event: EventParams = {
        ...params,
        metadata: withoutUndefined(params.metadata ?? {}),
      };
      const fits = checks().message;
      if (!fits(event)) {
        throw misfitError(topic, describeMisfit(fits.errors));
      }
      return event;
    },
  };
}

/** The schema of a whole message: topic, payload and metadata. */
function messageSchema({ topic, payload }: ChannelDefinition): JsonSchema {
  return {
    type: 'object',
    required: ['topic', 'eventPayload', 'metadata'],
    properties: {
      topic: { type: 'string', const: topic },
      eventPayload: payload,
      metadata: readSchema('EventMetadata'),
    },
  };
}

function misfitError(topic: string, { path, reason }: Misfit): InputError {
  return new InputError(
    `An event of topic '${topic}' does not fit the contract: ${
      path || 'the event'
    } ${reason}`,
  );
}

function withoutUndefined(
  metadata: NonNullable<EventParams['metadata']>,
): NonNullable<EventParams['metadata']> {
  return Object.fromEntries(
    Object.entries(metadata).filter(([, value]) => value !== undefined),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
