import { setTimeout as delay } from 'node:timers/promises';
import type { Component } from '../github/Organization';

/** Reads what the catalog of a portal shows, over its API. */
export class CatalogReader {
  readonly #url: string;
  readonly #headers: Record<string, string>;

  /** @param token - that the portal takes */
  constructor(baseUrl: string, token: string) {
    this.#url = `${baseUrl}/api/catalog`;
    this.#headers = {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
    };
  }

  /** How many components there are. */
  async count(): Promise<number> {
    const { totalItems }: { totalItems: number } = await this.#ask(
      '/entities/by-query?filter=kind=component&limit=0',
    );
    return totalItems;
  }

  /** Whether a component is shown with its description. */
  async shows({ name, description }: Component): Promise<boolean> {
    const response = await fetch(
      `${this.#url}/entities/by-name/component/default/${name}`,
      { headers: this.#headers },
    );
    if (response.status === 404) {
      await response.arrayBuffer();
      return false;
    }
    const entity: Entity = await readAnswer(response);
    return entity.metadata.description === description;
  }

  /** Which of the components are shown with their descriptions. */
  async findShown<T extends Component>(components: readonly T[]): Promise<T[]> {
    if (components.length === 0) {
      return [];
    }
    const { items }: { items: (Entity | null)[] } = await this.#ask(
      '/entities/by-refs',
      {
        entityRefs: components.map(({ name }) => `component:default/${name}`),
        fields: ['metadata.description'],
      },
    );
    return components.filter(
      ({ description }, index) =>
        items[index]?.metadata?.description === description,
    );
  }

  /**
   * Looks again until something holds.
   *
   * @throws Error when it does not within the time
   */
  async waitUntil(
    holds: () => Promise<boolean>,
    { lookMs, limitMs }: { lookMs: number; limitMs: number },
  ): Promise<void> {
    const end = performance.now() + limitMs;
    while (!(await holds())) {
      if (performance.now() > end) {
        throw new Error(
          `The catalog did not show what it was to within ${limitMs} ms`,
        );
      }
      await delay(lookMs);
    }
  }

  async #ask<T>(path: string, body?: object): Promise<T> {
    return readAnswer(
      await fetch(`${this.#url}${path}`, {
        headers: this.#headers,
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      }),
    );
  }
}

interface Entity {
  metadata: { description?: string };
}

async function readAnswer<T>(response: Response): Promise<T> {
  if (!response.ok) {
    throw new Error(
      `The catalog answered ${response.status}: ${await response.text()}`,
    );
  }
  return response.json();
}
