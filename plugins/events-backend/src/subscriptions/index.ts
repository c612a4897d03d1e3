export type { Claim, ClaimOptions } from './BatchClaimer';
export { SubscriptionPool } from './SubscriptionPool';
export type { Expiry } from './operations/removeSilent';
export { wants, type Subscription } from './subscriptionRow';
export type { ClaimedDelivery, OwedDeliveries } from './OwedDeliveries';
