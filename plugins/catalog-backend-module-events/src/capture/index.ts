export { ChangeCapture, type Installation } from './ChangeCapture';
export { bootstrapLocationType, outboxTable } from './names';
export type { Snapshot } from './takeSnapshot';
