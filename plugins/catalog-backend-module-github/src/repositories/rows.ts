import type { Hint } from '../hints';

/**
 * Where a hint comes from.
 *
 * - `event`: a webhook
 * - `scan`: a listing that did not have what is known, or did not tell of it, or was older
 * - `check`: a push of which GitHub was not asked, and which may have emptied the catalog file
 */
export type HintCause = 'event' | 'scan' | 'check';

/** An event as far as a hint needs it, to be found again. */
export interface HintOrigin {
  cause: HintCause;
  eventId?: string;
  topic?: string;
  action?: string;
  /** GitHub's own id of the delivery. */
  delivery?: string;
}

/** A hint that waits to be looked at. */
export interface PendingHint extends Hint {
  id: number;
  cause: HintCause;
  /** How often it was looked at in vain. */
  attempts: number;
  /** How often of these because GitHub's answer was doubted. */
  doubts: number;
  atMs: number;
  dueAtMs: number;
}

/**
 * - `adding`: the catalog may have it already
 * - `held`: the catalog has it
 * - `removing`: the catalog may have it still
 */
export type LocationState = 'adding' | 'held' | 'removing';

/** A location of a repository that the catalog may hold. */
export interface KnownLocation {
  nodeId: string;
  /** Its URL. */
  target: string;
  state: LocationState;
}
