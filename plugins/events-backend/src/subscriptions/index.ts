export {
  SubscriptionPool,
  type Claim,
  type ClaimOptions,
} from './SubscriptionPool';
export { wants, type Subscription } from './subscriptionRow';
export type { ClaimedDelivery, OwedDeliveries } from './OwedDeliveries';
