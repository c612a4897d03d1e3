export {
  announceDisabled,
  disabledTopic,
  type EndpointDisabled,
} from './announceDisabled';
export { Errands } from './Errands';
export { EventRouter, type RoutingOptions } from './EventRouter';
export type { RequestPreview, SentRequest } from './EndpointSender';
export { createOwnerNotifier } from './notifyOwner';
export { ReplayRunner, replayQuerySchema } from './ReplayRunner';
export type { EndpointEvent } from './sendBatch';
export type { WebhookObserver } from './WebhookObserver';
export { Webhooks, type WebhookOptions } from './Webhooks';
