import { z } from 'zod';
import type { DurableEventsService } from './DurableEventsService';
import { eventMetadata } from './metadata';
import { defineTopic, type Topic } from './Topic';

const deployments = defineTopic(
  'deployments',
  z.object({ service: z.string(), version: z.string() }),
);
const payload = { service: 'pay', version: '2' };

describe('a topic with a type', () => {
  it('makes parameters for publish', () => {
    expect(
      deployments.event({
        eventPayload: payload,
        key: 'pay',
        metadata: { header: 'x' },
      }),
    ).toEqual({
      topic: 'deployments',
      eventPayload: payload,
      metadata: { header: 'x', [eventMetadata.key]: 'pay' },
    });
  });

  it('lets nothing be published that does not fit, and says what and where', () => {
    expect(() =>
      deployments.event({
        // @ts-expect-error a version is a text
        eventPayload: { service: 'pay', version: 2 },
      }),
    ).toThrow(
      /The payload does not fit topic 'deployments': version: .*expected string/,
    );
  });

  it('checks what comes from the log, and does not repeat it in the error', () => {
    expect(deployments.parse(payload)).toEqual(payload);
    const secret = 'hunter2';
    let message = '';
    try {
      deployments.parse({ service: [secret], version: secret });
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(/^InputError: .*service: /);
    expect(message).not.toContain(secret);
  });

  it('takes a schema of any kind', () => {
    const even = defineTopic('even', {
      parse(value) {
        if (typeof value !== 'number' || value % 2 !== 0) {
          throw new Error('not even');
        }
        return value;
      },
    });
    expect(even.parse(2)).toBe(2);
    expect(() => even.parse(3)).toThrow(
      "The payload does not fit topic 'even': Error: not even",
    );
  });
});

it('gives handlers the type of their topics, as the compiler checks', () => {
  expect(checkTypes).toEqual(expect.any(Function));
});

/** Never runs. */
async function checkTypes(events: DurableEventsService): Promise<void> {
  await events.subscribe({
    id: 'typed',
    topics: [deployments],
    async onEvent({ eventPayload }) {
      const version: string = eventPayload.version;
      // @ts-expect-error there is no such field
      return void [version, eventPayload.colour];
    },
  });
  await events.subscribe({
    id: 'batch',
    topics: [deployments],
    maxBatchEvents: 10,
    async onBatch(batch) {
      return batch.map(({ eventPayload }, index) => ({
        index,
        error: eventPayload.version,
      }));
    },
  });
  await events.subscribe({
    id: 'untyped',
    topics: ['t'],
    async onEvent({ eventPayload }) {
      // @ts-expect-error nothing is known of it
      return void eventPayload.version;
    },
  });
  const counts = defineTopic('counts', z.number());
  const both: Topic<number | { service: string; version: string }>[] = [
    deployments,
    counts,
  ];
  await events.subscribe({
    id: 'several',
    topics: both,
    async onEvent({ eventPayload }) {
      const text: string =
        typeof eventPayload === 'number'
          ? String(eventPayload)
          : eventPayload.version;
      return void text;
    },
  });
  await events.subscribe({
    id: 'other payload',
    topics: [deployments],
    // @ts-expect-error the topic has another payload
    async onEvent({ eventPayload }: { topic: string; eventPayload: number }) {
      return void eventPayload;
    },
  });
  // @ts-expect-error a handler is either of the two
  await events.subscribe({
    id: 'two handlers',
    topics: ['t'],
    onEvent: async () => {},
    onBatch: async () => {},
  });
}
