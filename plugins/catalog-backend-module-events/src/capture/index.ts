export { bootstrapLocationType, pluginId } from './names';
export { takeSnapshot, type Snapshot } from './takeSnapshot';
export { watchedCatalog } from './watchedCatalog';
