export { createSnapshotRouter } from './createSnapshotRouter';
