export { answerStoreFailures } from './answerStoreFailures';
export { createApiRouter, type ApiOptions } from './createApiRouter';
export { createContractRouter } from './createContractRouter';
