export { createApiRouter, type ApiOptions } from './createApiRouter';
