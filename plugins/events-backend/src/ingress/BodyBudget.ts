import { ServiceUnavailableError } from '@backstage/errors';

/** What one request holds of a {@link BodyBudget}. */
export interface BodyShare {
  /** @throws ServiceUnavailableError when there is no room for so many bytes more */
  take(bytes: number): void;
  /** Gives everything back. */
  release(): void;
}

/**
 * Bounds what the bodies of all requests take together.
 *
 * @remarks
 * A body is held before anybody knows who sends it, so without this as many bodies as there are connections would be.
 * What counts is what has arrived, decompressed, and not what was announced: a sender that announces much and sends
 * nothing takes no room from others, nor does one that says nothing of the length.
 */
export class BodyBudget {
  readonly #maxBytes: number;
  #heldBytes = 0;

  /** @param maxBytes - not below the size of the largest body */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Begins a request, which holds nothing yet. */
  open(): BodyShare {
    let shareBytes = 0;
    return {
      take: bytes => {
        if (this.#heldBytes + bytes > this.#maxBytes) {
          throw new ServiceUnavailableError(
            `Requests hold ${this.#heldBytes} bytes of bodies already, of ${
              this.#maxBytes
            } at the most (events.http.maxHeldBytes); try again later`,
          );
        }
        this.#heldBytes += bytes;
        shareBytes += bytes;
      },
      release: () => {
        this.#heldBytes -= shareBytes;
        shareBytes = 0;
      },
    };
  }
}
