import type { NewEvent } from '@callboard/backstage-plugin-events-node';

/** An event with the place that it gets. */
export interface PlacedEvent {
  event: NewEvent;
  position: number;
  /** Position of the last event that has the same content. */
  contentPosition: number;
}

/**
 * Gives events their positions, and those that follow each other with the same content one place for it.
 *
 * @param start - the position before the first
 */
export function placeEvents(
  events: readonly NewEvent[],
  start: number,
): PlacedEvent[] {
  const placed = events.map((event, index) => ({
    event,
    position: start + index + 1,
    contentPosition: start + index + 1,
  }));
  for (let index = placed.length - 2; index >= 0; index--) {
    const { event } = placed[index];
    const next = placed[index + 1];
    if (
      event.payload === next.event.payload &&
      event.metadata === next.event.metadata
    ) {
      placed[index].contentPosition = next.contentPosition;
    }
  }
  return placed;
}
