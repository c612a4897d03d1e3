export * from './channels';
export * from './contractExtensionPoint';
export {
  defineChannel,
  type ChannelDefinition,
  type ContractChannel,
  type ContractEvent,
  type ContractEventDescription,
} from './defineChannel';
export * from './entityChanges';
export type { Misfit } from './validation';
