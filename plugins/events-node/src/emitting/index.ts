export { boundOutbox, type OutboxBounds } from './boundOutbox';
export {
  ChangeCapture,
  type Installation,
  type SnapshotPage,
  type WriteSnapshotPage,
} from './ChangeCapture';
export { Emitter } from './Emitter';
export type { Snapshot } from './SnapshotTaker';
export { nameObjects, type ObjectNames } from './names';
export {
  readEmitterSettings,
  type EmitterSettings,
} from './readEmitterSettings';
export { startEmitter } from './startEmitter';
export type {
  PostgresTriggers,
  SqliteTriggers,
  WatchedPlugin,
} from './WatchedPlugin';
export { insertChange } from './dialects/sqlite';
