import {
  toEndpointId,
  toSubscriptionId,
  type Endpoint,
  type EndpointPool,
} from '../../endpoints';
import { isWildcard } from '../../model/topicPattern';
import {
  everyTopic,
  WishChangedError,
  type SubscriptionPool,
} from '../../subscriptions';

/** Keeps the subscription of each endpoint, which stands without a reader, as the endpoint says. */
export class StandingSubscriptions {
  readonly #endpoints: Pick<EndpointPool, 'read' | 'listRevisions'>;
  readonly #subscriptions: SubscriptionPool;

  constructor(options: {
    endpoints: Pick<EndpointPool, 'read' | 'listRevisions'>;
    subscriptions: SubscriptionPool;
  }) {
    this.#endpoints = options.endpoints;
    this.#subscriptions = options.subscriptions;
  }

  /**
   * Makes the subscription of an endpoint what the endpoint says now.
   *
   * @param endpoint - as it is known; one that was changed since is taken as it is
   */
  async register({ id }: Pick<Endpoint, 'id'>): Promise<void> {
    const subscriptionId = toSubscriptionId(id);
    for (;;) {
      // In this order: whoever changes the endpoint in between replaces this wish, and is not replaced in turn.
      const replaces = (await this.#subscriptions.read(subscriptionId))?.wish;
      const endpoint = await this.#endpoints.read(id);
      if (!endpoint || replaces === endpoint.revision) {
        return;
      }
      try {
        await this.#stand(endpoint, replaces);
        if (!(await this.#endpoints.read(id))) {
          // It was removed meanwhile, and whoever did that may have found no subscription yet.
          await this.unregister(id);
        }
        return;
      } catch (error) {
        if (!(error instanceof WishChangedError)) {
          throw error;
        }
      }
    }
  }

  /** Removes the subscription of an endpoint that is gone, with everything that is owed to it. */
  async unregister(endpointId: string): Promise<void> {
    await this.#subscriptions.remove(toSubscriptionId(endpointId));
  }

  /** Removes subscriptions whose endpoint is gone: a process died between the two. */
  async removeOrphans(): Promise<void> {
    const subscriptions = await this.#subscriptions.list();
    const endpoints = await this.#endpoints.listRevisions();
    for (const { id } of subscriptions) {
      const endpointId = toEndpointId(id);
      if (endpointId !== undefined && !endpoints.has(endpointId)) {
        await this.#subscriptions.remove(id);
      }
    }
  }

  async #stand(
    { id, settings, startPosition, revision }: Endpoint,
    replaces: string | undefined,
  ): Promise<void> {
    const { topics, retryScheduleMs } = settings;
    await this.#subscriptions.register(
      toSubscriptionId(id),
      topics.some(isWildcard) ? [everyTopic] : topics,
      {
        start:
          startPosition === undefined ? 'end' : { position: startPosition },
        // For events whose reader vanished; others follow the schedule of the endpoint.
        retry: { maxAttempts: retryScheduleMs.length },
        standing: { wish: revision, replaces },
      },
    );
  }
}
