/**
 * The GitHub module of the events backend.
 *
 * @packageDocumentation
 */
export { eventsModuleGithub as default } from './module';
