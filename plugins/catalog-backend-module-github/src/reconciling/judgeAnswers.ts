import { GithubError } from '@callboard/backstage-plugin-github-node';
import type { Finding } from '../asking';
import type { PushHint } from '../hints';
import type { PendingHint, RepositoryState } from '../repositories';
import { isOlder } from './isOlder';

/** What follows from GitHub's answers about one repository. */
export type Belief =
  /** @remarks the state is undefined when GitHub does not show the repository */
  | { kind: 'believe'; state: RepositoryState | undefined }
  /** Nothing follows; it is to be asked again after so many milliseconds. */
  | {
      kind: 'wait';
      /** Whether the answer is doubted; otherwise there is none. */
      isDoubt: boolean;
      reason: string;
      pauseMs: number;
    };

const firstPauseMs = 1_000;
const longestPauseMs = 300_000;
/** How long after a webhook an answer that contradicts it is doubted, in milliseconds. */
const doubtForMs = 7_000;
/** How often it is doubted at least: after an outage all webhooks are old, and GitHub's replicas lag the more. */
const leastDoubts = 3;
const longestDoubtPauseMs = 4_000;
/** How long a token is not believed that a repository is gone which an app was shown, in milliseconds. */
const hiddenForMs = 86_400_000;

/**
 * Decides whether GitHub's answers are believed: pure.
 *
 * GitHub reads from replicas, so the first answer after a webhook may be of the time before it. An answer that
 * is older than what is known, or contradicts any of the hints, is therefore doubted until the last of them is seven
 * seconds old, at least three times, and then believed: it is the hints that may be old. So is the answer that what is
 * known is gone, if no webhook has told of that. An error is never an answer.
 *
 * @param answers - one of each owner who may have the repository
 * @param known - how it was known before
 */
export function judgeAnswers(
  answers: readonly Finding[],
  hints: readonly PendingHint[],
  known: RepositoryState | undefined,
  nowMs: number,
): Belief {
  const attempts = Math.max(0, ...hints.map(hint => hint.attempts));
  const doubts = Math.max(0, ...hints.map(hint => hint.doubts));
  const pauseMs = choosePauseMs(attempts);
  const found = answers.find(answer => answer.kind === 'found');
  const failed = answers.find(answer => answer.kind === 'unknown');
  if (!found && failed) {
    const { error } = failed;
    return {
      kind: 'wait',
      isDoubt: false,
      reason: error.message,
      pauseMs:
        error instanceof GithubError && error.kind === 'limited'
          ? error.retryAfterMs ?? pauseMs
          : pauseMs,
    };
  }
  if (!found && known?.shownTo === 'app' && isHidden(answers, hints, nowMs)) {
    return {
      kind: 'wait',
      isDoubt: false,
      reason:
        'the token of integrations.github is not shown the repository, which the app was shown before. Install the app again; it is believed after a day',
      pauseMs,
    };
  }
  const isYoung = hints.some(
    ({ cause, atMs }) => cause === 'event' && nowMs - atMs < doubtForMs,
  );
  const doubt =
    isYoung || doubts < leastDoubts
      ? findDoubt(found?.state, hints, known)
      : undefined;
  return doubt
    ? {
        kind: 'wait',
        isDoubt: true,
        reason: doubt,
        pauseMs: Math.min(longestDoubtPauseMs, choosePauseMs(doubts)),
      }
    : { kind: 'believe', state: found?.state };
}

/** Whether a repository may be there all the same: a token is not shown what only an app has been granted. */
function isHidden(
  answers: readonly Finding[],
  hints: readonly PendingHint[],
  nowMs: number,
): boolean {
  return (
    answers.some(
      answer => answer.kind === 'not there' && answer.askedAs === 'token',
    ) && hints.some(({ atMs }) => nowMs - atMs < hiddenForMs)
  );
}

function choosePauseMs(times: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** times);
}

/** Why the answer may be of the time before, if it may. */
function findDoubt(
  found: RepositoryState | undefined,
  hints: readonly PendingHint[],
  known: RepositoryState | undefined,
): string | undefined {
  if (found && known && isOlder(found, known)) {
    return 'GitHub shows the repository as it was before';
  }
  const told = hints.filter(({ cause }) => cause === 'event');
  if (told.length === 0) {
    return !found && known
      ? 'GitHub does not show the repository any more, and no webhook has told of that'
      : undefined;
  }
  if (!found) {
    return told.every(({ saysGone }) => saysGone) ||
      told.some(({ isDeleted }) => isDeleted)
      ? undefined
      : 'GitHub does not show the repository yet, of which a webhook has told';
  }
  if (told.some(({ saysGone }) => saysGone)) {
    return 'GitHub still shows the repository, of which a webhook says that it is gone';
  }
  if (told.some(({ push }) => push && isBefore(found, push))) {
    return 'GitHub does not show the push yet, of which a webhook has told';
  }
  const updatedAtMs = Math.max(
    ...told.map(({ updatedAtMs: timeMs }) => timeMs ?? 0),
  );
  if (found.updatedAtMs < updatedAtMs) {
    return 'GitHub does not show the change yet, of which a webhook has told';
  }
  const fullName = `${found.owner}/${found.name}`.toLowerCase();
  const isRenamed = told.some(hint => hint.fullName.toLowerCase() !== fullName);
  return isRenamed && known?.name === found.name && known.owner === found.owner
    ? 'GitHub does not show the name yet, of which a webhook has told'
    : undefined;
}

/** Whether a state is that before a push; within one second only the commit tells. */
function isBefore(found: RepositoryState, push: PushHint): boolean {
  return (
    found.pushedAtMs < push.pushedAtMs ||
    (found.pushedAtMs === push.pushedAtMs &&
      found.head !== undefined &&
      found.head === push.before)
  );
}
