import { parseRetryAfter } from './parseRetryAfter';
import type { Answered, SendResult } from './SendResult';

/** What a result means for the event and for its endpoint. `reason` is a sentence for people. */
export type Verdict =
  | { kind: 'delivered'; reason: string }
  /** The event is tried again on its schedule, and the endpoint goes on. */
  | {
      kind: 'failed';
      /** Whether it would have happened to another event too. */
      fault: 'event' | 'endpoint';
      reason: string;
    }
  /** As failed, and nothing else is sent to the endpoint either until the pause is over; in milliseconds. */
  | { kind: 'throttled'; retryAfterMs: number | undefined; reason: string }
  /** As failed, and the endpoint is disabled. */
  | { kind: 'gone'; reason: string }
  /** Nothing was learnt: no attempt is counted. */
  | { kind: 'cancelled'; reason: string };

/** How answers are read. */
export interface AnswerRules {
  /** The longest pause that an answer may ask for, in milliseconds; a longer one becomes this one. */
  longestRetryAfterMs: number;
}

/** A day: the longest step of the schedule as well. */
export const defaultAnswerRules: AnswerRules = {
  longestRetryAfterMs: 24 * 3_600_000,
};

/**
 * Decides what a result means, as Standard Webhooks 1.0 says: 2xx is success and nothing else is, 3xx is not followed,
 * 410 disables the endpoint, 429, 502, 503 and 504 throttle it, and so does every failure with `Retry-After`.
 *
 * @param nowMs - when the answer came, in milliseconds since the epoch
 */
export function classifyAnswer(
  result: SendResult,
  nowMs: number,
  rules: AnswerRules = defaultAnswerRules,
): Verdict {
  switch (result.kind) {
    case 'answered':
      return classifyStatus(result, nowMs, rules);
    case 'failed':
      return {
        kind: 'failed',
        fault: 'endpoint',
        reason: result.message,
      };
    case 'cancelled':
      return { kind: 'cancelled', reason: 'Given up before it was over' };
    default:
      throw new Error(`Unknown result ${JSON.stringify(result)}`);
  }
}

function classifyStatus(
  { status, headers }: Answered,
  nowMs: number,
  { longestRetryAfterMs }: AnswerRules,
): Verdict {
  if (status >= 200 && status < 300) {
    return { kind: 'delivered', reason: `Answered ${status}` };
  }
  if (status === 410) {
    return {
      kind: 'gone',
      reason: 'Answered 410: the receiver is gone and wants no more events',
    };
  }
  const retryAfter = headers['retry-after'];
  const retryAfterMs =
    retryAfter === undefined
      ? undefined
      : parseRetryAfter(retryAfter, nowMs, longestRetryAfterMs);
  const hint = hints[status] ?? (status < 400 ? redirected : '');
  if (retryAfterMs) {
    const seconds = Math.ceil(retryAfterMs / 1_000);
    return {
      kind: 'throttled',
      retryAfterMs,
      reason: `Answered ${status}${hint}, and asks for a pause of ${seconds} s`,
    };
  }
  if (throttling.has(status)) {
    return {
      kind: 'throttled',
      retryAfterMs: undefined,
      reason: `Answered ${status}${hint}`,
    };
  }
  return {
    kind: 'failed',
    fault: isFaultOfEvent(status) ? 'event' : 'endpoint',
    reason: `Answered ${status}${hint}`,
  };
}

const throttling = new Set([429, 502, 503, 504]);

const redirected =
  ': redirects are not followed, so the URL of the endpoint must change';

const cannotKeepUp = ': the receiver cannot keep up';

const hints: Partial<Record<number, string>> = {
  401: ': the receiver does not accept the credentials or the signature',
  403: ': the receiver does not accept the credentials or the signature',
  404: ': the URL of the endpoint leads to nothing',
  413: ': the receiver does not take bodies of this size',
  429: cannotKeepUp,
  502: cannotKeepUp,
  503: cannotKeepUp,
  504: cannotKeepUp,
};

/**
 * These say that the address or the credentials are wrong, or that the receiver was too slow, so the next event would
 * fare no better. Other 4xx are a judgement on what was sent, by a receiver that works.
 */
const clientErrorsOfEndpoint = new Set([401, 403, 404, 405, 407, 408, 421]);

function isFaultOfEvent(status: number): boolean {
  return status >= 400 && status < 500 && !clientErrorsOfEndpoint.has(status);
}
