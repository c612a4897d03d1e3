export { createBusV2Router } from './http/createBusV2Router';
export type { ReadingOptions } from './claimOrWait';
export { LocalSubscriptionAccess } from './LocalSubscriptionAccess';
export type { ExpiryOptions } from './planExpiry';
export { BusV1Reader, type BusV1Options } from './http/BusV1Reader';
export { createBusV1Router } from './http/createBusV1Router';
