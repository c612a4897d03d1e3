/**
 * The durable events system: takes the place of `@backstage/plugin-events-backend`.
 *
 * @packageDocumentation
 */
export { eventsFeature as default } from './plugin';
export { HttpPostIngressEventPublisher } from './ingress';
export {
  createEndpointConditionalDecision,
  endpointConditions,
  endpointResourceRef,
  type EndpointPredicate,
  type EndpointResource,
} from './api';
