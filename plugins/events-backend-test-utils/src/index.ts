/**
 * For tests of Callboard, and of plugins that use it.
 *
 * @packageDocumentation
 */
export * from './bundleFeatures';
export * from './CatalogReplica';
export * from './createTestDatabases';
export * from './eventLogContract';
export * from './github';
export * from './makeEvent';
export * from './makeGithubRequest';
export * from './notifierContract';
export * from './SilencingProxy';
export * from './WebhookReceiver';
