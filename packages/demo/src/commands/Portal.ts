import { setTimeout as delay } from 'node:timers/promises';
import {
  eventsPageSchema,
  eventViewSchema,
  type EventView,
} from '@callboard/backstage-plugin-events-common';
import { z } from 'zod';
import { askServer, type ServerAccess } from './askServer';

const componentSchema = z.object({
  metadata: z.object({
    description: z.string().optional(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
});
/** What the catalog shows of a component. */
export type Component = z.infer<typeof componentSchema>;

const deliverySchema = z.object({ explanation: z.string() });

const tasksSchema = z.object({
  tasks: z.array(
    z.object({
      taskId: z.string(),
      taskState: z
        .object({ status: z.string(), lastRunEndedAt: z.string().optional() })
        .nullable(),
    }),
  ),
});

/** The provider's name of its scans. */
const scanId = 'github-provider:default:refresh';

const scanLimitMs = 60_000;

/** How often it is looked for what comes at once, and how often for what does not, in milliseconds. */
const [soonMs, lateMs] = [50, 1_000];
/** How long something comes at once, in milliseconds: the portal logs each look. */
const atOnceMs = 5_000;

/** The portal, as its API shows it. */
export class Portal {
  readonly #access: ServerAccess;

  constructor(access: ServerAccess) {
    this.#access = access;
  }

  /** The address of a page that shows a component. */
  componentPage(name: string): string {
    return `${this.#access.url}/catalog/default/component/${name}`;
  }

  /** The address at which the API explains an event. */
  eventUrl({ id }: EventView): string {
    return `${this.#access.url}${eventPath(id)}`;
  }

  /** @throws Error if it does not answer */
  async checkIsUp(): Promise<void> {
    await askServer(this.#access, '/.backstage/health/v1/readiness', {
      schema: z.object({ status: z.literal('ok') }),
    });
  }

  /**
   * Waits until the catalog shows a component as it should.
   *
   * @param holds - is given undefined if the catalog has none of that name
   * @returns whether it did within the time
   */
  async untilShown(
    name: string,
    holds: (component: Component | undefined) => boolean,
    limitMs: number,
  ): Promise<boolean> {
    const startedMs = performance.now();
    const path = `/api/catalog/entities/by-name/component/default/${name}`;
    const schema = componentSchema;
    while (!holds(await askServer(this.#access, path, { schema }))) {
      const passedMs = performance.now() - startedMs;
      if (passedMs > limitMs) {
        return false;
      }
      await delay(passedMs < atOnceMs ? soonMs : lateMs);
    }
    return true;
  }

  /**
   * Finds what the log of events has of a webhook.
   *
   * @param guid - its `X-GitHub-Delivery`
   */
  async findEvent(
    topic: string,
    repositoryId: number,
    guid: string,
  ): Promise<EventView | undefined> {
    const query = new URLSearchParams({
      topic,
      key: `github:repository:${repositoryId}`,
      limit: '10',
    });
    const page = await askServer(
      this.#access,
      `/api/events/v1/events?${query}`,
      { schema: eventsPageSchema },
    );
    for (const { id } of page?.items ?? []) {
      const event = await askServer(this.#access, eventPath(id), {
        schema: eventViewSchema,
      });
      if (event?.metadata['x-github-delivery'] === guid) {
        return event;
      }
    }
    return undefined;
  }

  /** Explains what the provider has made of a webhook. */
  async explainDelivery(guid: string): Promise<string | undefined> {
    const answer = await askServer(this.#access, deliveryPath(guid), {
      schema: deliverySchema,
    });
    return answer?.explanation;
  }

  /** The address at which the API explains that. */
  deliveryUrl(guid: string): string {
    return `${this.#access.url}${deliveryPath(guid)}`;
  }

  /**
   * Has the provider scan the organization now, and waits for the end of that.
   *
   * @throws Error if it takes too long
   */
  async scan(): Promise<void> {
    const before = await this.#readScan();
    await askServer(
      this.#access,
      `${schedulerPath}/${encodeURIComponent(scanId)}/trigger`,
      { schema: z.undefined(), body: {} },
    );
    const endMs = performance.now() + scanLimitMs;
    while (performance.now() < endMs) {
      const { status, lastRunEndedAt } = await this.#readScan();
      if (status === 'idle' && lastRunEndedAt !== before.lastRunEndedAt) {
        return;
      }
      await delay(soonMs);
    }
    throw new Error(
      `The scan has not ended within ${
        scanLimitMs / 1_000
      } s; the portal's log may tell why`,
    );
  }

  async #readScan() {
    const answer = await askServer(this.#access, schedulerPath, {
      schema: tasksSchema,
    });
    const task = answer?.tasks.find(({ taskId }) => taskId === scanId);
    if (!task?.taskState) {
      throw new Error('The portal follows no organization of the demo');
    }
    return task.taskState;
  }
}

const schedulerPath = '/api/catalog/.backstage/scheduler/v1/tasks';

function deliveryPath(guid: string): string {
  return `/api/catalog/github/deliveries/${guid}`;
}

function eventPath(id: string): string {
  return `/api/events/v1/events/${id}`;
}
