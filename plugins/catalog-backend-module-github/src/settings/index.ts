export { findUnknownSettings } from './findUnknownSettings';
export type {
  ProviderSettings,
  RepositoryFilters,
  Visibility,
} from './ProviderSettings';
export { readProviderSettings } from './readProviderSettings';
