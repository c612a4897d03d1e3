import { GithubError } from '@callboard/backstage-plugin-github-node';
import { makeHint, makePush, makeState } from '../__testUtils__/fixtures';
import type { Finding } from '../asking';
import type { PendingHint, RepositoryState } from '../repositories';
import { judgeAnswers as decide } from './judgeAnswers';

const state = makeState('site', { pushedAtMs: 5_000, updatedAtMs: 5_000 });

/** Decides at the moment at which the webhooks came, unless told otherwise. */
const judgeAnswers = (
  answers: readonly Finding[],
  hints: readonly PendingHint[],
  known: RepositoryState | undefined,
  nowMs = 0,
) => decide(answers, hints, known, nowMs);

const makePending = (changes: Partial<PendingHint> = {}): PendingHint => ({
  ...makeHint('site'),
  id: 1,
  cause: 'event',
  attempts: 0,
  doubts: 0,
  atMs: 0,
  dueAtMs: 0,
  ...changes,
});

const push = makePush({ pushedAtMs: 6_000 });

const found = (changes: Partial<RepositoryState> = {}): Finding => ({
  kind: 'found',
  state: { ...state, ...changes },
});
const notThere: Finding = { kind: 'not there', askedAs: 'app' };
const unknown = (error: Error = new Error('no answer')): Finding => ({
  kind: 'unknown',
  error,
});

describe('an answer of GitHub', () => {
  it('is believed when it fits the hints', () => {
    expect(judgeAnswers([found()], [makePending()], undefined)).toEqual({
      kind: 'believe',
      state,
    });
    expect(
      judgeAnswers([notThere], [makePending({ saysGone: true })], state),
    ).toEqual({ kind: 'believe', state: undefined });
  });

  it('is believed of whoever has the repository, whatever the others say', () => {
    for (const answers of [
      [notThere, found()],
      [unknown(), found()],
      [found(), unknown(), notThere],
    ]) {
      expect(judgeAnswers(answers, [makePending()], undefined)).toEqual({
        kind: 'believe',
        state,
      });
    }
  });

  it('is none when somebody could not be asked who may have the repository', () => {
    expect(
      judgeAnswers(
        [notThere, unknown()],
        [makePending({ saysGone: true, attempts: 9 })],
        state,
      ),
    ).toEqual({
      kind: 'wait',
      isDoubt: false,
      reason: 'no answer',
      pauseMs: 300_000,
    });
  });

  it('is not needed when nobody who is followed may have the repository', () => {
    expect(judgeAnswers([], [makePending({ saysGone: true })], state)).toEqual({
      kind: 'believe',
      state: undefined,
    });
  });
});

describe('when there is no answer, it is asked again', () => {
  const wait = (attempts: number, error?: Error) => {
    const belief = judgeAnswers(
      [unknown(error)],
      [makePending(), makePending({ attempts })],
      undefined,
    );
    if (belief.kind === 'believe') {
      throw new Error('An error was believed');
    }
    return belief.pauseMs;
  };

  it('after a pause that doubles, up to five minutes', () => {
    expect([0, 1, 2, 3, 8, 9, 2_000].map(each => wait(each))).toEqual([
      1_000, 2_000, 4_000, 8_000, 256_000, 300_000, 300_000,
    ]);
  });

  it('when GitHub says', () => {
    const limited = new GithubError('limited', 'used up', {
      retryAfterMs: 1_234,
    });
    expect(wait(9, limited)).toBe(1_234);
    expect(wait(1, new GithubError('limited', 'used up'))).toBe(2_000);
    expect(wait(1, new GithubError('unavailable', 'away'))).toBe(2_000);
  });

  it('however often that was in vain', () => {
    expect(
      judgeAnswers([unknown()], [makePending({ attempts: 99 })], state).kind,
    ).toBe('wait');
  });
});

describe('a token that is not shown a repository', () => {
  const hint = makePending({ saysGone: true });
  const answer: Finding = { kind: 'not there', askedAs: 'token' };

  it('is believed only after a day, if an app was shown it', () => {
    const known: RepositoryState = { ...state, shownTo: 'app' };
    const dayMs = 86_400_000;
    expect(judgeAnswers([answer], [hint], known, dayMs - 1)).toMatchObject({
      kind: 'wait',
      reason: expect.stringContaining('Install the app again'),
    });
    expect(judgeAnswers([answer], [hint], known, dayMs).kind).toBe('believe');
    expect(judgeAnswers([answer], [hint], state, 0).kind).toBe('believe');
    expect(judgeAnswers([notThere], [hint], known, 0).kind).toBe('believe');
  });
});

describe('an answer that contradicts what webhooks told', () => {
  const cases: [string, Finding, PendingHint, RepositoryState | undefined][] = [
    ['that does not show what was created', notThere, makePending(), undefined],
    [
      'that shows what was deleted',
      found(),
      makePending({ saysGone: true }),
      state,
    ],
    ['that does not show the push', found(), makePending({ push }), state],
    [
      'that does not show the change',
      found(),
      makePending({ updatedAtMs: 6_000 }),
      state,
    ],
    [
      'that shows the former name',
      found(),
      makePending({ fullName: 'acme/page' }),
      state,
    ],
    [
      'that shows the former owner',
      found(),
      makePending({ fullName: 'globex/site' }),
      state,
    ],
  ];

  it.each(cases)('is doubted for seven seconds: one %s', (...[, ...rest]) => {
    const [answer, hint, known] = rest;
    const pauses: number[] = [];
    let nowMs = 0;
    for (let doubts = 0; ; doubts++) {
      // However often there was no answer before.
      const tried = { ...hint, doubts, attempts: 7 + doubts };
      const belief = judgeAnswers([answer], [hint, tried], known, nowMs);
      if (belief.kind === 'believe') {
        break;
      }
      expect(belief.isDoubt).toBe(true);
      expect(belief.reason).toMatch(/^GitHub (does not|still) show/);
      pauses.push(belief.pauseMs);
      nowMs += belief.pauseMs;
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000]);
  });

  it.each(cases)(
    'is doubted as long as the newest webhook is young: one %s',
    (...[, ...rest]) => {
      const [answer, hint, known] = rest;
      const hints = [hint, { ...hint, atMs: 6_000, doubts: 9 }];
      expect(judgeAnswers([answer], hints, known, 12_999).kind).toBe('wait');
      expect(judgeAnswers([answer], hints, known, 13_000).kind).toBe('believe');
    },
  );

  it.each(cases)(
    'is doubted for seven seconds also when the webhook is old, because there was no answer before: one %s',
    (...[, ...rest]) => {
      const [answer, hint, known] = rest;
      const beliefs = [0, 1, 2, 3].map(doubts =>
        judgeAnswers([answer], [{ ...hint, doubts }], known, 9_999_999),
      );
      expect(
        beliefs.map(belief => belief.kind === 'wait' && belief.pauseMs),
      ).toEqual([1_000, 2_000, 4_000, false]);
    },
  );

  it.each(cases)(
    'is doubted at least every four seconds, however many webhooks come: one %s',
    (...[, ...rest]) => {
      const [answer, hint, known] = rest;
      expect(
        judgeAnswers([answer], [{ ...hint, doubts: 40 }, hint], known, 0),
      ).toMatchObject({ kind: 'wait', pauseMs: 4_000 });
    },
  );

  it.each(cases)(
    'is believed when only a scan has told: one %s',
    (...[, ...rest]) => {
      const [answer, hint, known] = rest;
      expect(
        judgeAnswers([answer], [{ ...hint, cause: 'scan' }], known).kind,
      ).toBe('believe');
    },
  );

  it.each(['event', 'scan', 'check'] as const)(
    'is doubted when it is older than what is known, whoever wants to know: %s',
    cause => {
      for (const changes of [{ pushedAtMs: 4_000 }, { updatedAtMs: 4_000 }]) {
        const hint = makePending({ cause });
        expect(judgeAnswers([found(changes)], [hint], state)).toMatchObject({
          kind: 'wait',
          isDoubt: true,
        });
        const late = { ...hint, doubts: 3 };
        expect(
          judgeAnswers([found(changes)], [late], state, 9_999_999).kind,
        ).toBe('believe');
      }
    },
  );

  it.each(['scan', 'check'] as const)(
    'is doubted three times when it does not show what is known, and no webhook has told of that: %s',
    cause => {
      const beliefs = [0, 1, 2, 3].map(doubts =>
        judgeAnswers([notThere], [makePending({ cause, doubts })], state),
      );
      expect(
        beliefs.map(belief => belief.kind === 'wait' && belief.pauseMs),
      ).toEqual([1_000, 2_000, 4_000, false]);
      // Of nobody who is followed.
      expect(judgeAnswers([], [makePending({ cause })], state).kind).toBe(
        'wait',
      );
    },
  );

  it('is doubted when webhooks contradict each other: it may be the last of them that is not shown yet', () => {
    const gone = makePending({ saysGone: true });
    for (const hints of [
      [gone, makePending()],
      [makePending(), gone],
    ]) {
      for (const answer of [notThere, found()]) {
        expect(judgeAnswers([answer], hints, state)).toMatchObject({
          kind: 'wait',
          isDoubt: true,
        });
      }
    }
  });

  it('does not, when the repository was deleted, which is for good', () => {
    expect(
      judgeAnswers(
        [notThere],
        [
          makePending({ push }),
          makePending({ saysGone: true, isDeleted: true }),
        ],
        state,
      ).kind,
    ).toBe('believe');
  });

  it('is doubted when it is between two pushes of one second', () => {
    const answer = found({ pushedAtMs: 6_000, head: 'b' });
    const next = makePending({ push: { ...push, before: 'b', after: 'c' } });
    const hints = [makePending({ push }), next];
    expect(judgeAnswers([answer], hints, state).kind).toBe('wait');
    expect(
      judgeAnswers([found({ pushedAtMs: 6_000, head: 'c' })], hints, state)
        .kind,
    ).toBe('believe');
  });

  it('does not, when it is newer than they are', () => {
    for (const [changes, hint] of [
      [{ pushedAtMs: 6_000, head: 'b' }, makePending({ push })],
      [{ pushedAtMs: 7_000 }, makePending({ push })],
      [{ name: 'Page' }, makePending({ fullName: 'acme/page' })],
      [{ name: 'newest' }, makePending({ fullName: 'acme/newer' })],
    ] as const) {
      expect(judgeAnswers([found(changes)], [hint], state).kind).toBe(
        'believe',
      );
    }
  });

  it('does not, when the repository was not known by that name', () => {
    expect(
      judgeAnswers(
        [found()],
        [makePending({ fullName: 'acme/page' })],
        undefined,
      ).kind,
    ).toBe('believe');
  });
});
