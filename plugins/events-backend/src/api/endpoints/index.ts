export { createEndpointRouter } from './createEndpointRouter';
export { createJwksRouter } from './createJwksRouter';
export { EndpointAccess } from './EndpointAccess';
export type { EndpointApi, EndpointApiOptions } from './EndpointApiOptions';
export type {
  BreakerState,
  EndpointDoor,
  EndpointSelection,
  RequestPreview,
} from './EndpointDoor';
export { endpointPaths, jwksPaths } from './endpointPaths';
export {
  createEndpointConditionalDecision,
  endpointConditions,
  endpointResourceRef,
  type EndpointPredicate,
  type EndpointResource,
} from './endpointRules';
export { readEndpointEvents } from './readEndpointEvents';
export { registerEndpointPermissions } from './registerEndpointPermissions';
export { toRecipients } from './toRecipients';
