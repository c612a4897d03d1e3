import type { FilteredEvent } from '../filtering';

/** Somewhere in events, where they can have one or more texts. */
export interface Place {
  /** Two places with the same name are the same. */
  readonly name: string;
  readonly selectivity: Selectivity;
  /** The texts that an event has there. */
  read(event: FilteredEvent): readonly string[];
}

/**
 * How few events are likely to have the same text at a place, from 0 for the fewest: a guess that costs nothing, as good
 * as it needs to be to prefer an owner to a kind.
 */
export type Selectivity = 0 | 1 | 2 | 3;

/** What an event must have for an endpoint to want it: at a place, one of some texts. */
export interface Condition {
  readonly place: Place;
  readonly values: readonly string[];
}
