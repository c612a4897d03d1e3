export * from './delivering';
export {
  createEntityLookup,
  type EntityLookup,
  type EntityLookupOptions,
} from './entities';
export { createGuard, type ProxyOptions } from './guard';
export { defaultBreakerPolicy, defaultDisablingPolicy } from './sending';
export { createKeyPair, createSecret, parseSigner } from './signing';
