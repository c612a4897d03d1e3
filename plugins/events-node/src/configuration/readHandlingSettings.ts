import type { HandlingOptions } from '../handling/HandlerBus';
import type { SettingsReader } from './SettingsReader';

const second = 1_000;

/**
 * Reads how events are handed to handlers, which is the same in every process.
 *
 * @param waitLimitMs - how long one claim waits for something to come, in milliseconds
 */
export function readHandlingSettings(
  settings: SettingsReader,
  waitLimitMs: number,
): HandlingOptions {
  return {
    concurrency: settings.whole('events.handlers.concurrency', 10),
    maxBatchEvents: 200,
    patienceMs: 250,
    loadedBatchEvents: 8,
    gatherMs: { least: 5, most: 50 },
    sparing: { afterFailures: 20, maxBatchEvents: 10, pauseMs: second },
    waitLimitMs,
    callLimitMs: 30 * second,
    handlerTimeLimitMs: settings.timer(
      'events.handlers.timeLimit',
      300 * second,
    ),
    graceMs: settings.timer('events.handlers.shutdownGrace', 10 * second),
    errorDelayMs: second,
  };
}
