/**
 * Tells of builds of documentation, those of TechDocs and those made in CI.
 *
 * @packageDocumentation
 */
export { techdocsModuleEvents as default } from './module';
