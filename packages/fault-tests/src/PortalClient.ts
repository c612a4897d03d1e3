import type { PortalProcess } from './PortalProcess';

/** Talks to a portal that may be killed at any moment: asks again until there is an answer, or no portal any more. */
export class PortalClient {
  readonly #portal: PortalProcess;

  constructor(portal: PortalProcess) {
    this.#portal = portal;
  }

  async ask(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
    goodStatus: readonly number[] = [200, 201, 204],
  ) {
    while (!this.#portal.isDisposed) {
      try {
        const response = await fetch(`${this.#portal.url}/api/${path}`, {
          method,
          headers: {
            Authorization: `Bearer ${this.#portal.token}`,
            'Content-Type': 'application/json',
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        // While the portal starts it knows no paths yet, and has nothing to say of it.
        const isStarting = response.status === 404 && text === '';
        if (!isStarting && goodStatus.includes(response.status)) {
          return text === '' ? undefined : JSON.parse(text);
        }
        if (!isStarting && response.status < 500) {
          throw new Error(`${method} ${path}: ${response.status} ${text}`);
        }
      } catch (error) {
        // By its name: Jest's realm has another TypeError than `fetch`.
        if (Object(error).name !== 'TypeError') {
          throw error;
        }
      }
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    throw new Error(`${method} ${path}: the portal is gone`);
  }
}
