import { readDurationFromConfig, type Config } from '@backstage/config';
import { durationToMilliseconds } from '@backstage/types';

/** Node.js timers know no longer times, in milliseconds. */
export const longestTimerMs = 2_147_483_647;

/** Reads and checks single settings; errors name the setting and what is wrong with it. */
export class SettingsReader {
  readonly #config: Config;

  constructor(config: Config) {
    this.#config = config;
  }

  /** A duration, in milliseconds. */
  duration(
    key: string,
    fallbackMs: number,
    { leastMs = 1, mostMs = Infinity } = {},
  ): number {
    const ms = this.#config.has(key)
      ? durationToMilliseconds(readDurationFromConfig(this.#config, { key }))
      : fallbackMs;
    if (!Number.isFinite(ms) || ms < leastMs || ms > mostMs) {
      throw new Error(
        `Invalid configuration: ${key} must be a duration from ${leastMs} to ${mostMs} ms`,
      );
    }
    return ms;
  }

  /** A duration that a timer is set by, in milliseconds. */
  timer(key: string, fallbackMs: number, leastMs = 1): number {
    return this.duration(key, fallbackMs, { leastMs, mostMs: longestTimerMs });
  }

  /** One of several words. */
  oneOf<T extends string>(
    key: string,
    words: readonly T[],
    fallback: NoInfer<T>,
  ): T {
    const value = this.#config.getOptionalString(key) ?? fallback;
    const word = words.find(one => one === value);
    if (word === undefined) {
      throw new Error(
        `Invalid configuration: ${key} must be one of ${words.join(
          ', ',
        )}, got '${value}'`,
      );
    }
    return word;
  }

  /** A whole number. */
  whole(
    key: string,
    fallback: number,
    least = 1,
    most = Number.MAX_SAFE_INTEGER,
  ): number {
    const value = this.#config.getOptionalNumber(key) ?? fallback;
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new Error(
        `Invalid configuration: ${key} must be a whole number from ${least} to ${most}`,
      );
    }
    return value;
  }
}
