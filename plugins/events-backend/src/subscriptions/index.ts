export type { Claim, ClaimOptions, SeenEvents } from './BatchClaimer';
export { SubscriptionPool } from './SubscriptionPool';
export { WishChangedError } from './WishChangedError';
export type { Expiry } from './operations/removeSilent';
export { everyTopic, names, wants, type Subscription } from './subscriptionRow';
export type { ClaimedDelivery, OwedDeliveries } from './OwedDeliveries';
