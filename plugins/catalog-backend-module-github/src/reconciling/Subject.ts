import type { PendingHint, RepositoryState } from '../repositories';

/** A repository, and what is now known of it. */
export interface Subject {
  nodeId: string;
  /** Undefined when GitHub does not show it. */
  state: RepositoryState | undefined;
  /** Whether the provider follows the owner that it has now. */
  isFollowed: boolean;
  hints: readonly PendingHint[];
  /** Of a state that follows from pushes: whether they change a catalog file. */
  isProvenChange?: boolean;
}
