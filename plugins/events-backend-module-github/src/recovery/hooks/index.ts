export { describeUrl } from './describeUrl';
export type { HookDelivery, WholeDelivery } from './HookDelivery';
export { HookLog, type HookDestination } from './HookLog';
export { nameTarget, type HookTarget } from './HookTarget';
