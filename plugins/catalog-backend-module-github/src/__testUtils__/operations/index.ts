export {
  catalogPath,
  makeCatalogInfo,
  servicePaths,
  servicesPattern,
} from './catalogFiles';
export { unwantedTopic, wantedTopic } from './kinds/edits';
export type { OperationKind } from './OperationKind';
export { operationKinds } from './operationKinds';
export { RandomOperations } from './RandomOperations';
export { seedRepositories } from './seedRepositories';
