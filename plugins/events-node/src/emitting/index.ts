export { boundOutbox, type OutboxBounds } from './boundOutbox';
export { ChangeCapture, type Installation } from './ChangeCapture';
export { Emitter, type FirstSnapshot } from './Emitter';
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
