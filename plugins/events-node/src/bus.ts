/**
 * What the events backend and the client of the bus share. Not for plugins: it may change with any release.
 *
 * @packageDocumentation
 */
export * from './configuration';
export * from './handling';
export * from './eventId';
export * from './eventRules';
export * from './FailureLog';
export * from './nameEvent';
export * from './publishing';
export * from './remote/protocol';
export * from './subscriptionRules';
