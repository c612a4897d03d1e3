/** Bounds how many things happen at once. */
export class Slots {
  #limit: number;
  #used = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Changes how many things may happen at once; what happens already goes on. */
  set limit(limit: number) {
    this.#limit = limit;
    this.#admit();
  }

  get limit(): number {
    return this.#limit;
  }

  /** Whether something more could happen at once. */
  get hasRoom(): boolean {
    return this.#used < this.#limit;
  }

  /** Does something as soon as a slot is free. */
  async use<T>(action: () => Promise<T>): Promise<T> {
    if (this.#used < this.#limit) {
      this.#used += 1;
    } else {
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
    try {
      return await action();
    } finally {
      this.#used -= 1;
      this.#admit();
    }
  }

  #admit(): void {
    while (this.#used < this.#limit) {
      const admit = this.#waiting.shift();
      if (!admit) {
        return;
      }
      this.#used += 1;
      admit();
    }
  }
}
