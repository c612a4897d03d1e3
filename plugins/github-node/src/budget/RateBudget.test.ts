import { RateBudget } from './RateBudget';

function createBudget() {
  const clock = { nowMs: 1_000 };
  const budget = new RateBudget({ host: 'github.com' }, () => clock.nowMs);
  return { clock, budget };
}

describe('a budget', () => {
  it('allows everything that GitHub has said nothing about', () => {
    const { budget } = createBudget();

    expect(budget.readWaitMs('core', 0)).toBe(0);
    expect(budget.listRemaining()).toEqual([]);
  });

  it('asks nothing when nothing is left, until it begins anew', () => {
    const { clock, budget } = createBudget();
    budget.noteRate('core', { remaining: 0, resetInMs: 5_000 });

    expect(budget.readWaitMs('core', 0)).toBe(5_000);
    expect(budget.readWaitMs('graphql', 0)).toBe(0);
    expect(budget.listRemaining()).toEqual([
      { resource: 'core', remaining: 0 },
    ]);
    clock.nowMs += 5_000;
    expect(budget.readWaitMs('core', 0)).toBe(0);
    expect(budget.listRemaining()).toEqual([]);
  });

  it('leaves a reserve to others', () => {
    const { budget } = createBudget();
    budget.noteRate('graphql', { remaining: 500, resetInMs: 5_000 });

    expect(budget.readWaitMs('graphql', 0)).toBe(0);
    expect(budget.readWaitMs('graphql', 499)).toBe(0);
    expect(budget.readWaitMs('graphql', 500)).toBe(5_000);
  });

  it('pauses one resource for the primary limit, and both for the secondary one', () => {
    const { budget } = createBudget();
    budget.noteLimit('core', { kind: 'primary', retryAfterMs: 3_000 });

    expect(budget.readWaitMs('core', 0)).toBe(3_000);
    expect(budget.readWaitMs('graphql', 0)).toBe(0);

    budget.noteLimit('core', { kind: 'secondary', retryAfterMs: 7_000 });
    expect(budget.readWaitMs('core', 0)).toBe(7_000);
    expect(budget.readWaitMs('graphql', 0)).toBe(7_000);
  });

  it('pauses for a second at least, since GitHub tells whole seconds', () => {
    const { budget } = createBudget();
    const limit = { kind: 'primary', retryAfterMs: 0 } as const;
    expect(budget.noteLimit('core', limit).waitMs).toBe(1_000);
  });

  it('pauses for a minute when GitHub does not say how long, and for twice as long each time that is repeated, up to an hour', () => {
    const { clock, budget } = createBudget();
    const limit = { kind: 'secondary', retryAfterMs: undefined } as const;
    const pauses = [];
    for (let time = 0; time < 8; time++) {
      const { waitMs, isNew } = budget.noteLimit('core', limit);
      expect(isNew).toBe(true);
      pauses.push(waitMs / 60_000);
      clock.nowMs += waitMs;
    }

    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('takes the refusals of requests that were under way together for one', () => {
    const { clock, budget } = createBudget();
    const limit = { kind: 'secondary', retryAfterMs: undefined } as const;
    budget.noteLimit('core', limit);
    clock.nowMs += 10_000;

    expect(budget.noteLimit('core', limit)).toEqual({
      waitMs: 60_000,
      isNew: false,
    });
    // Asked before the limit was met, so it shows nothing.
    budget.noteAnswer();
    clock.nowMs += 60_000;
    expect(budget.noteLimit('core', limit).waitMs).toBe(120_000);
  });

  it('begins with a minute again once GitHub has answered', () => {
    const { clock, budget } = createBudget();
    const limit = { kind: 'secondary', retryAfterMs: undefined } as const;
    budget.noteLimit('core', limit);
    clock.nowMs += 60_000;
    budget.noteAnswer();

    expect(budget.noteLimit('core', limit).waitMs).toBe(60_000);
  });

  it('never shortens a pause', () => {
    const { budget } = createBudget();
    budget.noteLimit('core', { kind: 'secondary', retryAfterMs: 60_000 });

    expect(
      budget.noteLimit('core', { kind: 'secondary', retryAfterMs: 1_000 }),
    ).toEqual({ waitMs: 60_000, isNew: false });
  });
});
