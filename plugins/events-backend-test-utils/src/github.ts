/**
 * The GitHub that runs on localhost, by itself: for programs that are no tests.
 *
 * @packageDocumentation
 */
export * from './github/index';
