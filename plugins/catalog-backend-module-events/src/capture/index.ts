export { ChangeCapture, type Installation } from './ChangeCapture';
export { outboxTable } from './names';
export type { Snapshot } from './takeSnapshot';
