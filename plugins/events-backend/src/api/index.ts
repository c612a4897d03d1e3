export { answerStoreFailures } from './answerStoreFailures';
export { createApiRouter, type ApiOptions } from './createApiRouter';
export { createContractRouter } from './createContractRouter';
export {
  createEndpointConditionalDecision,
  createJwksRouter,
  endpointConditions,
  endpointResourceRef,
  registerEndpointPermissions,
  type EndpointDoor,
  type EndpointPredicate,
  type EndpointResource,
} from './endpoints';
