export { isDriverError } from './isDriverError';
export { openStore, type Store } from './openStore';
export type { Dialect } from './dialects/Dialect';
