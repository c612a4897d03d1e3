import type { ScanProgress } from '../repositories';
import { findHaste } from './findHaste';

const nowMs = 1_800_000_000_000;
const minuteMs = 60_000;
const progress: ScanProgress = {
  settings: 'mine',
  fullScanMs: nowMs,
  wholeMs: nowMs,
  beganMs: nowMs - 2,
  endedMs: nowMs - 1,
  inVain: 0,
  seenMs: nowMs,
};
const find = (changes: Partial<ScanProgress>, startedMs = nowMs) =>
  findHaste({ ...progress, ...changes }, 'mine', { startedMs, nowMs });

describe('a scan', () => {
  it('waits for its time when the last one went well', () => {
    expect(find({})).toBeUndefined();
  });

  it('does not when there was none, or nobody has looked for hours', () => {
    expect(find({ settings: undefined })).toMatch(/no scan yet/);
    expect(find({ seenMs: nowMs - 121 * minuteMs })).toMatch(/two hours/);
  });

  it('does not for half an hour after the start when the last one was of another configuration', () => {
    expect(find({ settings: 'theirs' })).toMatch(/configuration/);
    expect(find({ settings: 'theirs' }, nowMs - 30 * minuteMs)).toBeUndefined();
  });

  const findFailed = (inVain: number, afterMs: number) =>
    find({ inVain, beganMs: nowMs - afterMs, endedMs: 1 });

  it('that failed once is made again at the next look', () => {
    expect(findFailed(1, 0)).toMatch(/did not go well/);
  });

  it.each([
    [2, 4],
    [3, 8],
    [9, 60],
  ])(
    'that failed %d times is made again after %d minutes',
    (inVain, minutes) => {
      expect(findFailed(inVain, minutes * minuteMs)).toMatch(/did not go well/);
      expect(findFailed(inVain, minutes * minuteMs - 1)).toBeUndefined();
    },
  );
});
