export {
  askBreaker,
  closedBreaker,
  defaultBreakerPolicy,
  noteVerdict,
  type Breaker,
  type BreakerPolicy,
  type Permission,
} from './breaker';
export {
  classifyAnswer,
  defaultAnswerRules,
  type AnswerRules,
  type Verdict,
} from './classifyAnswer';
export {
  decideDisabling,
  defaultDisablingPolicy,
  extendFailureSpell,
  type DisablingPolicy,
  type FailureSpell,
} from './failureSpell';
export {
  defaultRetrySchedule,
  planRetry,
  type RetryCircumstances,
  type RetrySchedule,
} from './planRetry';
export { sendRequest, type OutboundRequest } from './sendRequest';
export type {
  Answered,
  AnswerHeaders,
  Cancelled,
  Failed,
  FailureReason,
  SendResult,
} from './SendResult';
