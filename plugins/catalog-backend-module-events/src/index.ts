/**
 * Emits the changes of the catalog: entities and locations.
 *
 * @packageDocumentation
 */
export { catalogModuleEvents as default } from './module';
