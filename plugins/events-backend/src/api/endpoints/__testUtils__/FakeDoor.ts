import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import { z } from 'zod';
import { toSubscriptionId, type Endpoint } from '../../../endpoints';
import { makeAttempt } from '../../../endpoints/__testUtils__/endpointPools';
import { fitsPattern, isWildcard } from '../../../model/topicPattern';
import { everyTopic, type SubscriptionPool } from '../../../subscriptions';
import type {
  BreakerState,
  EndpointDoor,
  EndpointSelection,
  RequestPreview,
} from '../EndpointDoor';

const breakerSchema = z.object({
  state: z.enum(['closed', 'open', 'half-open']),
  untilMs: z.number().optional(),
});

/** Stands for the mover: keeps real subscriptions, sends nothing, and understands one filter only: `payload.wanted`. */
export class FakeDoor implements EndpointDoor {
  readonly #subscriptions: SubscriptionPool;
  /** How often processes were told to look. */
  changes = 0;
  /** Thrown by what asks the catalog, or makes a subscription. */
  failure: Error | undefined;
  /** Why nothing can be sent. */
  sendingProblem: string | undefined;
  /** How many tests were begun. */
  tests = 0;
  /** A test is answered when this resolves. */
  answer: Promise<void> = Promise.resolve();
  /** What settings were checked with. */
  readonly checked: (EndpointSecrets | undefined)[] = [];

  constructor(subscriptions: SubscriptionPool) {
    this.#subscriptions = subscriptions;
  }

  async register({
    id,
    settings,
    startPosition,
    revision,
  }: Endpoint): Promise<void> {
    this.#fail();
    const subscriptionId = toSubscriptionId(id);
    const before = await this.#subscriptions.read(subscriptionId);
    await this.#subscriptions.register(
      subscriptionId,
      settings.topics.some(isWildcard) ? [everyTopic] : settings.topics,
      {
        start:
          startPosition === undefined ? 'end' : { position: startPosition },
        standing: { wish: revision, replaces: before?.wish },
      },
    );
  }

  async unregister(endpointId: string): Promise<void> {
    await this.#subscriptions.remove(toSubscriptionId(endpointId));
  }

  announceChange(): void {
    this.changes += 1;
  }

  findProblem(
    { url }: EndpointSettings,
    secrets: EndpointSecrets | undefined,
  ): string | undefined {
    this.checked.push(secrets);
    return url.includes('10.0.0.1')
      ? 'url: 10.0.0.1 is a private address (rule: 10.0.0.0/8)'
      : undefined;
  }

  async explain(
    { topics, filter, entity }: EndpointSettings,
    event: LogEvent,
  ): Promise<EndpointSelection> {
    if (entity) {
      this.#fail();
    }
    if (!topics.some(pattern => fitsPattern(event.topic, pattern))) {
      const reason = `Topic '${event.topic}' is not among ${topics.join(', ')}`;
      return { matches: false, reason, failed: false };
    }
    const payload = z
      .object({ wanted: z.boolean() })
      .safeParse(JSON.parse(event.payload));
    if (filter === undefined || payload.data?.wanted) {
      return { matches: true };
    }
    return payload.success
      ? { matches: false, reason: 'The filter is false', failed: false }
      : {
          matches: false,
          reason: 'The filter failed: payload has no field wanted',
          failed: true,
        };
  }

  async preview(
    { settings, secretHeaders }: Endpoint,
    events: readonly LogEvent[],
  ): Promise<RequestPreview> {
    return {
      messageId: events.map(({ id }) => id).join('+'),
      url: settings.url,
      headers: Object.fromEntries(secretHeaders.map(name => [name, '***'])),
      body: events.map(({ payload }) => payload).join(),
    };
  }

  async findSendingProblem(): Promise<string | undefined> {
    return this.sendingProblem;
  }

  async test(endpoint: Endpoint) {
    this.tests += 1;
    await this.answer;
    return makeAttempt({
      endpointId: endpoint.id,
      topic: 'events.endpoint.test',
      position: 0,
      durationMs: 1.5,
    });
  }

  jwks({ signingKeys }: Endpoint): { keys: object[] } {
    return {
      keys: signingKeys.flatMap(({ publicKey }) =>
        publicKey === undefined ? [] : [{ kty: 'OKP', x: publicKey }],
      ),
    };
  }

  readBreaker(health: unknown): BreakerState {
    return breakerSchema.safeParse(health).data ?? { state: 'closed' };
  }

  #fail(): void {
    if (this.failure) {
      throw this.failure;
    }
  }
}
