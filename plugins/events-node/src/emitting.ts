/**
 * What Callboard's own emitters share: modules that tell of the changes of another plugin. Not for plugins: it may change
 * with any release.
 *
 * @packageDocumentation
 */
// Not './emitting', which is this file.
export * from './emitting/index';
