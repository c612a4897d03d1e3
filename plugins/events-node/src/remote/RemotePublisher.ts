import { InputError, ResponseError } from '@backstage/errors';
import type { EventParams } from '@backstage/plugin-events-node';
import { newEventId } from '../eventId';
import type { FailureLog } from '../FailureLog';
import { eventMetadata } from '../metadata';
import {
  GroupCommitter,
  type GroupCommitterOptions,
} from '../publishing/GroupCommitter';
import { BusUnavailableError, type BusClient } from './BusClient';
import { publishAnswerSchema, type PublishAnswer } from './protocol';

/** Events that are published together, as they are sent. */
interface Group {
  /** JSON text: an array of events. */
  text: string;
}

/**
 * Publishes to the events system of another process: gathers what concurrent publishers want into shared requests, and
 * tries again while the other is away.
 *
 * @remarks
 * Each event has its id before it is first sent, so sending it again stores nothing twice.
 */
export class RemotePublisher {
  readonly #committer: GroupCommitter<Group, PublishAnswer['groups'][number]>;
  readonly #timeLimitMs: number;

  constructor(options: {
    client: BusClient;
    /** How long to try, in milliseconds. */
    timeLimitMs: number;
    options: GroupCommitterOptions;
    failures: Pick<FailureLog, 'onFailed' | 'onWorked'>;
  }) {
    const { client, failures } = options;
    this.#timeLimitMs = options.timeLimitMs;
    this.#committer = new GroupCommitter({
      store: 'the events plugin',
      append: async (groups: readonly Group[]) => {
        const answer = await client.send({
          method: 'POST',
          path: '/events',
          body: `{"groups":[${groups.map(({ text }) => text).join(',')}]}`,
          timeLimitMs: options.options.appendTimeLimitMs,
          answer: publishAnswerSchema,
        });
        if (answer?.groups.length !== groups.length) {
          throw new Error('The events plugin gave an answer that does not fit');
        }
        return answer.groups;
      },
      weigh: ({ text }) => text.length,
      isUnavailable: error => error instanceof BusUnavailableError,
      options: options.options,
      observer: {
        onAppended: () => failures.onWorked(),
        onAppendFailed: error => failures.onFailed(error),
      },
    });
  }

  /**
   * Publishes events in one commit.
   *
   * @throws InputError when one of them cannot be stored as it is
   * @throws ServiceUnavailableError when the events system stayed away, or too much waits for it already
   */
  async publish(events: readonly EventParams[]): Promise<void> {
    if (events.length === 0) {
      return;
    }
    const group = { text: writeGroup(events) };
    const [outcome] = await this.#committer
      .append([group], this.#timeLimitMs)
      .catch(refuse);
    if ('error' in outcome) {
      const { name, message } = outcome.error;
      if (name === 'InputError') {
        throw new InputError(message);
      }
      throw new BusUnavailableError(message);
    }
  }

  /** Refuses further events and waits until those that were given are stored or rejected. */
  stop(): Promise<void> {
    return this.#committer.stop();
  }
}

/** With these names the events plugin refuses an event for good. */
const refusals = new Set(['InputError', 'PayloadTooLargeError']);

/**
 * A request that the events plugin refuses whole holds one group by then: the one that is wrong. What a proxy refuses,
 * with whatever status, says nothing of the events: its limit may be raised, and its rule corrected.
 */
function refuse(error: unknown): never {
  if (error instanceof ResponseError && refusals.has(error.body.error.name)) {
    throw new InputError(error.body.error.message);
  }
  throw error;
}

function writeGroup(events: readonly EventParams[]): string {
  try {
    return JSON.stringify(
      events.map(({ topic, eventPayload, metadata }) => ({
        topic,
        // What JSON does not know is null, as in the process of the events system.
        payload: eventPayload ?? null,
        metadata: {
          ...metadata,
          [eventMetadata.id]: metadata?.[eventMetadata.id] ?? newEventId(),
        },
      })),
    );
  } catch (error) {
    throw new InputError(
      'The payload of an event cannot be written as JSON: it is cyclic, nested too deeply, or holds a value that JSON does not know',
      error,
    );
  }
}
