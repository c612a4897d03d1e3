/** Keeps the beginning of a body. */
export class KeptBody {
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  /** @param maxBytes - so much is kept */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether there was more than is kept. */
  get cut(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  add(chunk: Buffer): void {
    const room = this.#maxBytes - this.#bytes;
    if (room > 0) {
      this.#chunks.push(chunk.subarray(0, room));
    }
    this.#bytes += chunk.length;
  }

  /**
   * Reads what was kept as UTF-8, for people. U+FFFD takes the place of what is not UTF-8, and of NUL, which PostgreSQL
   * does not store in text. A character that was cut in two is left out.
   */
  read(): string {
    return new TextDecoder()
      .decode(Buffer.concat(this.#chunks), { stream: this.cut })
      .replaceAll('\0', '\uFFFD');
  }
}
