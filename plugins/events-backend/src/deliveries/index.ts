export { DeliveryPool, type DeliveryObserver } from './DeliveryPool';
export { type AttemptRow, type DeliveryRow } from './deliveryRow';
export type { ReplayedEvent } from './operations/oweAgain';
