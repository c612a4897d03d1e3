import { setTimeout as delay } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import { GithubError } from '@callboard/backstage-plugin-github-node';
import type { PageSize } from '../asking';
import { LeaseLostError } from '../reconciling';

/** How long until the next try while another process reads for the provider, in milliseconds. */
const elsewhereMs = 100;
/** How long to wait before the next try while GitHub cannot answer, in milliseconds; then it is given up. */
const outagePausesMs = [1_000, 5_000];
/** How long before GitHub is asked about fewer repositories, in milliseconds. */
const shrinkPauseMs = 250;
/** How long to wait for the end of a limit of which GitHub does not tell it, in milliseconds. */
const unknownLimitMs = 60_000;

/**
 * Does a part of a scan; tries again while another process reads for the provider, when a rate limit of GitHub is over, and
 * a few times while GitHub cannot answer.
 *
 * @param work - gives undefined while another process reads
 * @param options.patienceMs - how long it waits for the end of a limit, in milliseconds
 * @param options.pageSize - as long as that can shrink, GitHub is not given up
 * @throws what the work throws, if waiting does not help or would take too long
 */
export async function untilFree<T>(
  work: () => Promise<T | undefined>,
  options: {
    signal: AbortSignal;
    patienceMs: number;
    pageSize: Pick<PageSize, 'current'>;
    logger: LoggerService;
  },
): Promise<T> {
  const { signal, patienceMs, pageSize, logger } = options;
  const outagePauses = [...outagePausesMs];
  for (;;) {
    signal.throwIfAborted();
    try {
      const result = await work();
      if (result !== undefined) {
        return result;
      }
      await delay(elsewhereMs, undefined, { signal });
    } catch (error) {
      if (error instanceof LeaseLostError) {
        continue;
      }
      if (!(error instanceof GithubError)) {
        throw error;
      }
      let pauseMs: number | undefined;
      if (error.kind === 'limited') {
        pauseMs = error.retryAfterMs ?? unknownLimitMs;
      } else if (error.kind === 'unavailable') {
        pauseMs = pageSize.current > 1 ? shrinkPauseMs : outagePauses.shift();
      }
      if (pauseMs === undefined || pauseMs > patienceMs) {
        throw error;
      }
      logger.warn(
        `The scan waits for ${Math.ceil(pauseMs / 1_000)} s: ${error.message}`,
      );
      await delay(pauseMs, undefined, { signal });
    }
  }
}
