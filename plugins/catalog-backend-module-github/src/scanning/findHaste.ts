import type { ScanProgress } from '../repositories';

/** A provider that has not run for so long may have been somebody else's meanwhile, in milliseconds. */
const longMs = 7_200_000;

/**
 * So long after its start a process has what it is configured for scanned again, when another one has scanned what that is
 * configured for, in milliseconds: a replica of before may run until the deployment is over.
 */
const newMs = 1_800_000;

const longestPauseMs = 3_600_000;

/** How long after the begin of a scan that did not go well the next one is needed, in milliseconds. */
function choosePauseMs(inVain: number): number {
  return inVain <= 1 ? 0 : Math.min(longestPauseMs, 60_000 * 2 ** inVain);
}

/** Whether a provider has not run for so long that what is known of it is old. */
export function isLongAgo(seenMs: number | undefined, nowMs: number): boolean {
  return seenMs === undefined || nowMs - seenMs > longMs;
}

/**
 * Why a scan should not wait for its time, if it should not: pure.
 *
 * @param settings - a digest of what is configured here
 * @param process.startedMs - when this process has started
 * @returns a sentence without its end
 */
export function findHaste(
  progress: ScanProgress,
  settings: string,
  { startedMs, nowMs }: { startedMs: number; nowMs: number },
): string | undefined {
  const { beganMs, endedMs, seenMs, inVain } = progress;
  if (progress.settings === undefined) {
    return 'There was no scan yet';
  }
  if (progress.settings !== settings && nowMs - startedMs < newMs) {
    return 'The configuration has changed since the last scan';
  }
  if (beganMs !== undefined && (endedMs ?? 0) < beganMs) {
    return nowMs - beganMs >= choosePauseMs(inVain)
      ? 'The last scan did not go well, or did not end'
      : undefined;
  }
  return isLongAgo(seenMs, nowMs)
    ? 'The provider has not run for more than two hours'
    : undefined;
}
