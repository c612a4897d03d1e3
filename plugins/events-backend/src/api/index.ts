export { answerStoreFailures } from './answerStoreFailures';
export { createApiRouter, type ApiOptions } from './createApiRouter';
