export { pluginId } from './names';
export { watchedScaffolder } from './watchedScaffolder';
