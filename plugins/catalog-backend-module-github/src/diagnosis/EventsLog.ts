import type {
  AuthService,
  BackstageCredentials,
  DiscoveryService,
} from '@backstage/backend-plugin-api';
import { z } from 'zod';
import type { ExplainedEvent } from './explainDelivery';

const pageSchema = z.object({ items: z.array(z.object({ id: z.string() })) });
const eventSchema = z.object({
  id: z.string(),
  topic: z.string(),
  time: z.string(),
  explanation: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  recipients: z
    .array(z.object({ subscriptionId: z.string(), explanation: z.string() }))
    .optional(),
});

/** An answer may take so long, in milliseconds. */
const limitMs = 10_000;

/** Asks the events plugin, as whoever asks us. */
export class EventsLog {
  readonly #auth: AuthService;
  readonly #discovery: DiscoveryService;

  constructor(options: { auth: AuthService; discovery: DiscoveryService }) {
    this.#auth = options.auth;
    this.#discovery = options.discovery;
  }

  /**
   * The events of a delivery.
   *
   * @returns undefined when the plugin cannot be asked, or does not let these credentials read events
   */
  async explain(
    delivery: string,
    credentials: BackstageCredentials,
  ): Promise<ExplainedEvent[] | undefined> {
    try {
      const [whole] = await this.#find('github', delivery, credentials);
      const name = whole?.metadata['x-github-event'];
      const parts =
        typeof name === 'string'
          ? await this.#find(`github.${name}`, delivery, credentials)
          : [];
      return [...(whole ? [whole] : []), ...parts].map(
        ({ id, topic, time, explanation, recipients }) => ({
          id,
          topic,
          time,
          explanation,
          recipients,
        }),
      );
    } catch {
      return undefined;
    }
  }

  async #find(
    topic: string,
    delivery: string,
    credentials: BackstageCredentials,
  ) {
    const query = new URLSearchParams({ topic, deduplicationId: delivery });
    const { items } = await this.#get(
      `/v1/events?${query}`,
      pageSchema,
      credentials,
    );
    return Promise.all(
      items.map(({ id }) =>
        this.#get(`/v1/events/${id}`, eventSchema, credentials),
      ),
    );
  }

  async #get<T>(
    path: string,
    schema: z.ZodType<T>,
    credentials: BackstageCredentials,
  ): Promise<T> {
    const baseUrl = await this.#discovery.getBaseUrl('events');
    const { token } = await this.#auth.getPluginRequestToken({
      onBehalfOf: credentials,
      targetPluginId: 'events',
    });
    const response = await fetch(`${baseUrl}${path}`, {
      headers: { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(limitMs),
    });
    if (!response.ok) {
      throw new Error(`${path} was answered with ${response.status}`);
    }
    return schema.parse(await response.json());
  }
}
