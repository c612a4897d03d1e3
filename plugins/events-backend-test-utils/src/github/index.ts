export type {
  GithubFailure,
  GithubFaults,
  GithubRequestInfo,
} from './GithubFaults';
export { GithubServer, type GithubServerOptions } from './GithubServer';
export type { Branches } from './model/Branches';
export { GithubModel, type GithubAppInput } from './model/GithubModel';
export type { GithubState } from './model/GithubState';
export type {
  GitBlob,
  GitCommit,
  GitObject,
  GitPerson,
  GitTree,
} from './model/gitObjects';
export type { GitStore } from './model/GitStore';
export type { Installations } from './model/Installations';
export type {
  GithubMessage,
  GithubPayloads,
  GithubTransferredEvent,
  GithubWebhook,
} from './model/payloads';
export type { GithubCommitInput, GithubPush } from './model/pushCommits';
export type {
  GithubAccount,
  GithubApp,
  GithubDoer,
  GithubEventName,
  GithubHook,
  GithubHookEventName,
  GithubInstallation,
  GithubRepository,
  GithubVisibility,
} from './model/records';
export type { GithubUrls } from './model/renderAccount';
export type { GithubRepositoryInput, Repositories } from './model/Repositories';
export type { GithubLimitErrorType, GithubResource } from './RateLimits';
export type { GithubReadLag } from './ReadReplica';
export type { GithubRequestCounts } from './RequestCounter';
export type {
  DeliveryLog,
  GithubDelivery,
  GithubSentWebhook,
} from './webhooks/DeliveryLog';
export { makeRandom } from './webhooks/makeRandom';
export type { GithubWebhookFaults } from './webhooks/WebhookSender';
