export type { OutboxEvent, OutboxService } from './OutboxService';
export { outboxServiceRef } from './outboxServiceRef';
export { Outbox } from './Outbox';
export type { OutboxOrder } from './OutboxTable';
export type { RelayTurn } from './OutboxRelay';
export type { OutboxRow, TranslateRow } from './outboxRow';
