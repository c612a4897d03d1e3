export type { ReadingOptions } from './claimOrWait';
export { LocalSubscriptionAccess } from './LocalSubscriptionAccess';
export type { ExpiryOptions } from './planExpiry';
