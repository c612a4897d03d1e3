export { HandlerBus } from './HandlerBus';
export type { HandlingObserver, HandlingOptions } from './HandlerLoop';
