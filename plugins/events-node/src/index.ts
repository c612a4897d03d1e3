/**
 * What backend plugins and modules import to work with Callboard.
 *
 * @packageDocumentation
 */
export * from './DurableEventsService';
export * from './SubscribeOptions';
export * from './Topic';
export * from './metadata';
export * from './IngressSource';
export * from './signatures';
export * from './ingressExtensionPoint';
export * from './IngressService';
export * from './createEventBroker';
export * from './EventLog';
export * from './Notifier';
export * from './outbox';
export * from './contract';
export * from './remote';
