export { Announcer } from './Announcer';
export { disabledTopic, type EndpointDisabled } from './EndpointDisabled';
export { Errands } from './Errands';
export { EventRouter, type RoutingOptions } from './EventRouter';
export {
  EndpointSender,
  type RequestPreview,
  type SendingOptions,
  type SentRequest,
} from './EndpointSender';
export { createOwnerNotifier } from './notifyOwner';
export { ReplayRunner } from './ReplayRunner';
export type { EndpointEvent } from './sendBatch';
export { StoreClock } from './StoreClock';
export { StandingSubscriptions } from './StandingSubscriptions';
export { WebhookDoor } from './WebhookDoor';
export type { WebhookObserver } from './WebhookObserver';
export { Webhooks, type WebhookOptions } from './Webhooks';
