export { bootstrapLocationType, pluginId } from './names';
export { writeSnapshotPage } from './writeSnapshotPage';
export { watchedCatalog } from './watchedCatalog';
