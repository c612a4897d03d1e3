export { CatalogAwayError } from './CatalogAwayError';
export {
  createEntityLookup,
  type EntityLookup,
  type EntityLookupOptions,
} from './createEntityLookup';
export { findEntityRef, type SubjectOfEvent } from './findEntityRef';
export {
  findEventEntities,
  noEntity,
  type EventEntity,
} from './findEventEntities';
export { readEntityFacts } from './readEntityFacts';
