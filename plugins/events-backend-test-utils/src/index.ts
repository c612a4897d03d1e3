/**
 * For tests of Callboard, and of plugins that use it.
 *
 * @packageDocumentation
 */
export * from './createTestDatabases';
export * from './makeGithubRequest';
