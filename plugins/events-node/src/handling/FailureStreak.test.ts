import { FailureStreak } from './FailureStreak';
import { makeClaimed } from './__testUtils__/fakes';
import type { HandledEvent, HandlingOutcome } from './ClaimedBatch';

const outcomes: Record<HandlingOutcome['kind'], HandlingOutcome> = {
  delivered: { kind: 'delivered', durationMs: 1 },
  failed: { kind: 'failed', error: 'boom', durationMs: 1 },
  untried: { kind: 'untried' },
};

function handled(...kinds: HandlingOutcome['kind'][]): HandledEvent[] {
  return kinds.map(kind => ({ event: makeClaimed(), outcome: outcomes[kind] }));
}

describe('FailureStreak', () => {
  it('begins with the last of so many failures in a row, over batches, and says so once', () => {
    const streak = new FailureStreak(3);
    expect(streak.note(handled('failed', 'failed'))).toBeUndefined();
    expect(streak.lasts).toBe(false);
    expect(streak.note(handled('failed'))).toBe('begun');
    expect(streak.lasts).toBe(true);
    expect(streak.note(handled('failed'))).toBeUndefined();
  });

  it('ends with anything that is delivered, and begins anew after it', () => {
    const streak = new FailureStreak(2);
    streak.note(handled('failed', 'failed'));
    expect(streak.note(handled('failed', 'delivered', 'failed'))).toBe('ended');
    expect(streak.lasts).toBe(false);
    expect(streak.note(handled('delivered'))).toBeUndefined();
    expect(streak.note(handled('failed'))).toBeUndefined();
    expect(streak.note(handled('failed'))).toBe('begun');
  });

  it('takes what was not tried for neither', () => {
    const streak = new FailureStreak(2);
    streak.note(handled('failed', 'untried', 'untried'));
    expect(streak.lasts).toBe(false);
    streak.note(handled('failed'));
    expect(streak.note(handled('untried'))).toBeUndefined();
    expect(streak.lasts).toBe(true);
  });
});
