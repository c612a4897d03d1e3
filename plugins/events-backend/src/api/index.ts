export { answerUnavailable } from './answerUnavailable';
export { createApiRouter, type ApiOptions } from './createApiRouter';
