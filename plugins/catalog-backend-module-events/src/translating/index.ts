export { createEntityFilter, type EntityRule } from './createEntityFilter';
export { createTranslation } from './createTranslation';
