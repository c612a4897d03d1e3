/**
 * Emits the changes of the scaffolder: the status of its tasks.
 *
 * @packageDocumentation
 */
export { scaffolderModuleEvents as default } from './module';
