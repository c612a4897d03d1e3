export { compileFilter, type Filter, type FilterResult } from './compileFilter';
export {
  FilterSubject,
  filterVariables,
  type EntityFacts,
  type FilteredEvent,
} from './FilterSubject';
