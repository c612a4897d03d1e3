export { boundOutbox, type OutboxBounds } from './boundOutbox';
