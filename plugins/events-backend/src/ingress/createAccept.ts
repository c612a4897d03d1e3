import type { EventParams } from '@backstage/plugin-events-node';
import type {
  AppendOutcome,
  NewEvent,
  SourceDescription,
} from '@callboard/backstage-plugin-events-node';
import type { Accept } from '../model/accept';
import { acceptEvent } from '../model/acceptEvent';

/**
 * Makes the one way into the log, for ingresses and publishers alike.
 */
export function createAccept(options: {
  append: (
    events: readonly NewEvent[],
    timeLimitMs: number,
  ) => Promise<AppendOutcome[]>;
  /** What the source of a topic says about an event; undefined when the topic has no source. */
  describe: (params: EventParams) => SourceDescription | undefined;
  /** The current span in the W3C format. */
  readTraceparent: () => string | undefined;
  /** Whether events of a topic are kept for a short time and tried once. */
  isEphemeral: (topic: string) => boolean;
  maxPayloadBytes: number;
  /** Throws an InputError for an event that is to be refused; is given the payload that it was made of, too. */
  check: (event: NewEvent, eventPayload: unknown) => void;
}): Accept {
  const { append, describe, readTraceparent } = options;
  const { isEphemeral, maxPayloadBytes } = options;
  return async (given, { source, timeLimitMs, notified }) => {
    const acceptOptions = {
      source,
      describe: (event: EventParams) => describe(event) ?? {},
      traceparent: readTraceparent(),
      isEphemeral,
      maxPayloadBytes,
      notified,
    };
    // Each event is followed by itself under its subtopics.
    const groups = given.map(params => acceptEvent(params, acceptOptions));
    const events = groups.flat();
    if (events.length === 0) {
      return [];
    }
    groups.forEach((group, index) =>
      group.forEach(event => options.check(event, given[index].eventPayload)),
    );
    const outcomes = await append(events, timeLimitMs);
    let first = 0;
    return groups.map(group => {
      const accepted = {
        id: group[0].id,
        duplicate: !outcomes[first].appended,
      };
      first += group.length;
      return accepted;
    });
  };
}
