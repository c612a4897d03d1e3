export { compileFilter, type Filter, type FilterResult } from './compileFilter';
export {
  FilterSubject,
  filterVariables,
  type EntityFacts,
  type FilteredEvent,
  type FilterVariable,
} from './FilterSubject';
export type { EventPath, Requirement } from './findRequirements';
export { readEventPath } from './readEventPath';
