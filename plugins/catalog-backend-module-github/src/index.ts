/**
 * The catalog follows GitHub by events, and misses nothing.
 *
 * @packageDocumentation
 */
export { catalogModuleGithub as default } from './module';
