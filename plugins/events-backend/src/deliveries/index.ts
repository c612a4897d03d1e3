export { DeliveryPool, type DeliveryObserver } from './DeliveryPool';
export { type AttemptRow, type DeliveryRow } from './deliveryRow';
