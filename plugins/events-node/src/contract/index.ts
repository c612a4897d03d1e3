export * from './channels';
export * from './contractExtensionPoint';
export * from './defineChannel';
export * from './entityChanges';
export type { Misfit } from './validation';
