export {
  WishChangedError,
  type Claim,
  type ClaimOptions,
  type SeenEvents,
} from './BatchClaimer';
export { SubscriptionPool } from './SubscriptionPool';
export type { Expiry } from './operations/removeSilent';
export { everyTopic, names, wants, type Subscription } from './subscriptionRow';
export type { ClaimedDelivery, OwedDeliveries } from './OwedDeliveries';
