import type { EventParams } from '@backstage/plugin-events-node';
import type { AsyncApiDocument } from '@callboard/backstage-plugin-events-common';
import {
  contractChannels,
  type ContractChannel,
  type Misfit,
} from '@callboard/backstage-plugin-events-node';
import { mergeChannels, nameOperation } from './mergeChannels';

/** The contract of this instance: the channels that every instance has, and what modules added. */
export class Contract {
  readonly #channels: ContractChannel<unknown>[] = [...contractChannels];
  readonly #topics = new Set(this.#channels.map(({ name }) => name));

  /** @throws Error when the name, the message or the address of the channel is taken */
  add(channel: ContractChannel<unknown>): void {
    const { definition } = channel;
    for (const part of ['channel', 'message', 'address'] as const) {
      if (
        this.#channels.some(
          ({ definition: other }) => other[part] === definition[part],
        )
      ) {
        throw new Error(
          `The contract has a channel with the ${
            part === 'channel' ? 'name' : part
          } '${definition[part]}' already`,
        );
      }
    }
    const sharing = this.#channels.filter(({ name }) => name === channel.name);
    const knownBy = sharing.map(({ definition: other }) => other.knownBy);
    if (
      sharing.length > 0 &&
      [definition.knownBy, ...knownBy].some(
        (field, index, all) =>
          field === undefined || all.indexOf(field) !== index,
      )
    ) {
      throw new Error(
        `Topic '${channel.name}' has a channel already: each needs a field of its own by which its events are known (knownBy)`,
      );
    }
    const { operations, components } = this.document();
    if (
      definition.message in components.schemas ||
      nameOperation(definition.channel) in operations
    ) {
      throw new Error(
        `The contract has a schema '${
          definition.message
        }' or an operation '${nameOperation(definition.channel)}' already`,
      );
    }
    this.#channels.push(channel);
    this.#topics.add(channel.name);
  }

  /** Whether what is published under a topic has to fit the contract. */
  covers(topic: string): boolean {
    return this.#topics.has(topic);
  }

  /**
   * Checks an event against the channels of its topic.
   *
   * @returns what does not fit; undefined when all fits, or the contract does not cover the topic
   */
  findMisfit(params: EventParams): Misfit | undefined {
    const ofTopic = this.#channels.filter(({ name }) => name === params.topic);
    if (ofTopic.length === 0) {
      return undefined;
    }
    const concerned = ofTopic.filter(
      ({ concerns }) => concerns?.(params.eventPayload) !== false,
    );
    if (concerned.length === 0) {
      const fields = ofTopic.map(({ definition }) => `'${definition.knownBy}'`);
      return {
        path: '/eventPayload',
        reason: `must have ${fields.join(' or ')}`,
      };
    }
    const misfits = concerned.map(channel => channel.findMisfit(params));
    return misfits.includes(undefined) ? undefined : misfits[0];
  }

  /** The AsyncAPI document of this instance. */
  document(): AsyncApiDocument {
    return mergeChannels(
      this.#channels
        .slice(contractChannels.length)
        .map(({ definition }) => definition),
    );
  }
}
