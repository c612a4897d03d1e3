export { isDriverError } from './isDriverError';
export { openStore, type Store } from './openStore';
export { uniteRanges } from './uniteRanges';
export type { Dialect } from './dialects/Dialect';
