import type { RepositoryState } from '../repositories';
import type { Change } from './describeChange';
import type { Subject } from './Subject';

/** A repository of which the catalog was told. */
export interface ToldSubject extends Subject {
  /** How it was known before. */
  before: RepositoryState | undefined;
  change: Change;
}
