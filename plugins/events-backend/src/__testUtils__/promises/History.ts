import type {
  AppendOutcome,
  LogEvent,
  NewEvent,
} from '@callboard/backstage-plugin-events-node';
import type { Batch, Settlement } from '../../model/batch';
import type { Expiry } from '../../subscriptions';

/**
 * What happened from when to when, in ticks that count beginnings and ends of operations. One that ended before another
 * began came first; of two that overlap nobody knows.
 */
export interface Span {
  start: number;
  end: number;
}

/** An operation whose answer did not come may have happened or not. */
export interface Operation<T> extends Span {
  /** Undefined when the answer was lost. */
  answer: T | undefined;
}

export interface Append extends Operation<AppendOutcome[]> {
  events: NewEvent[];
}

export interface Registration extends Operation<true> {
  subscriptionId: string;
  topics: string[];
}

/** A batch that was handed to a reader. */
export interface Handover extends Span {
  subscriptionId: string;
  batch: Batch;
  /** What was visible as dead at that moment. */
  dead: Set<number>;
}

export interface Settling extends Operation<boolean> {
  subscriptionId: string;
  ticket: string;
  settlements: Settlement[];
}

export interface Renewal extends Operation<Set<string>> {
  tickets: string[];
}

export interface Rescue extends Operation<true> {}

/** The moment at which the lease of a batch ran out. */
export interface Lapse extends Span {
  /** Undefined for those of all batches. */
  ticket: string | undefined;
}

/** What tells one event from another. */
export type EventName = Pick<NewEvent, 'id' | 'topic'>;

export interface Replay extends Operation<true> {
  subscriptionId: string;
  /** Ids of what was asked for by name. */
  named: Set<string>;
  /** Whether an event may have been meant. */
  mayMean(event: EventName): boolean;
}

export interface Trim extends Operation<true> {}

/** Removal of whatever was dead. */
export interface DeadRemoval extends Operation<true> {}

/** Removal of a subscription that was silent. */
export interface Expiration extends Operation<Expiry> {
  subscriptionId: string;
}

/** The end of topics that were not wanted any more. */
export interface Ending
  extends Operation<{ subscriptionId: string; topic: string }[]> {}

/** What is left at the end, when healthy readers have claimed and settled all there was. */
export interface Remains {
  log: LogEvent[];
  lags: { subscriptionId: string; lag: number }[];
  owed: string[];
  dead: string[];
  heldBatches: number;
}

/** An event in the log, as far as anybody has seen it there. */
export interface KnownEvent {
  event: NewEvent;
  position: number;
  /** When it was first tried to append it. */
  firstStart: number;
  /** When it was in the log for certain; for ever later when nobody was told so. */
  storedBy: number;
}

/**
 * The model: the log and what was done with it, in plain lists. Whether the promises were kept is read off it; see
 * `rules/`.
 */
export class History {
  readonly appends: Append[] = [];
  readonly registrations: Registration[] = [];
  readonly handovers: Handover[] = [];
  readonly settlings: Settling[] = [];
  readonly renewals: Renewal[] = [];
  readonly lapses: Lapse[] = [];
  readonly rescues: Rescue[] = [];
  readonly replays: Replay[] = [];
  readonly trims: Trim[] = [];
  readonly deadRemovals: DeadRemoval[] = [];
  readonly expirations: Expiration[] = [];
  readonly endings: Ending[] = [];
  /** Claims whose answer was lost; what they came to lapses, which counts as an attempt. */
  readonly lostClaims: (Span & { subscriptionId: string })[] = [];
  /** What one follower saw of the log, in the order in which it saw it. */
  readonly followed: LogEvent[] = [];
  /** What went wrong that should not have, whatever the promises. */
  readonly errors: string[] = [];
  /** Maximal number of attempts of the retry policy. */
  maxAttempts = 0;
  remains: Remains | undefined;
  #tick = 0;

  tick(): number {
    this.#tick += 1;
    return this.#tick;
  }

  /** Every event that is known to have been in the log, in its order. */
  readLog(): KnownEvent[] {
    const firstStarts = new Map<string, number>();
    const storedBy = new Map<string, number>();
    const contents = new Map<string, NewEvent>();
    const positions = new Map<string, number>();
    for (const append of this.appends) {
      append.events.forEach((event, index) => {
        const { id } = event;
        firstStarts.set(
          id,
          Math.min(firstStarts.get(id) ?? Infinity, append.start),
        );
        if (append.answer) {
          storedBy.set(id, Math.min(storedBy.get(id) ?? Infinity, append.end));
        }
        contents.set(id, event);
        const outcome = append.answer?.[index];
        if (outcome?.appended) {
          positions.set(id, outcome.position);
        }
      });
    }
    const seen = [
      ...(this.remains?.log ?? []),
      ...this.followed,
      ...this.handovers.flatMap(({ batch }) =>
        batch.events.map(({ event }) => event),
      ),
    ];
    seen.forEach(({ id, position }) => positions.set(id, position));
    return [...positions]
      .flatMap(([id, position]) => {
        const event = contents.get(id);
        return event
          ? [
              {
                event,
                position,
                firstStart: firstStarts.get(id) ?? 0,
                storedBy: storedBy.get(id) ?? Infinity,
              },
            ]
          : [];
      })
      .sort((one, other) => one.position - other.position);
  }

  /** Ids of all subscriptions. */
  listSubscriptions(): string[] {
    return [
      ...new Set(
        this.registrations.map(({ subscriptionId }) => subscriptionId),
      ),
    ];
  }

  /**
   * Whether a subscription stood with the event's topic before the event was published, and neither may have been removed
   * since, nor may the topic have ended before the event was there.
   */
  mustGet(subscriptionId: string, known: KnownEvent): boolean {
    const { event, firstStart, storedBy } = known;
    return this.registrations.some(
      registration =>
        registration.subscriptionId === subscriptionId &&
        registration.answer &&
        registration.topics.includes(event.topic) &&
        registration.end < firstStart &&
        !this.#mayBeGone(subscriptionId, registration.start) &&
        !this.endings.some(
          ({ answer, start, end }) =>
            end > registration.start &&
            storedBy > start &&
            (answer?.some(
              ended =>
                ended.subscriptionId === subscriptionId &&
                ended.topic === event.topic,
            ) ??
              true),
        ),
    );
  }

  /** Whether what a subscription had at some time may have been removed with it. */
  #mayBeGone(subscriptionId: string, since: number): boolean {
    return this.expirations.some(
      expiration =>
        expiration.subscriptionId === subscriptionId &&
        expiration.end > since &&
        expiration.answer?.outcome !== 'kept',
    );
  }

  /**
   * Whether an event may have been removed as dead, and not been asked for since. It may if it was tried as often as the
   * retry policy says, or may have been, and did not come back before its last certain replay.
   *
   * @param before - when the removal began at the latest
   */
  mayBeRemoved(
    subscriptionId: string,
    event: EventName,
    before = Infinity,
  ): boolean {
    const lastAskedAt = Math.max(
      0,
      ...this.certainReplaysOf(subscriptionId, event)
        .map(({ start }) => start)
        .filter(start => start < before),
    );
    const lastTries = this.handovers
      .filter(
        handover =>
          handover.subscriptionId === subscriptionId &&
          handover.batch.events.some(
            claimed =>
              claimed.event.id === event.id &&
              claimed.attempt >= this.maxAttempts,
          ),
      )
      .map(({ batch, start }) => ({
        start,
        end:
          this.settlings.find(
            ({ ticket, answer }) => ticket === batch.ticket && answer,
          )?.end ?? Infinity,
      }));
    const unseen = this.lostClaims
      .filter(claim => claim.subscriptionId === subscriptionId)
      .map(({ start }) => ({ start, end: Infinity }));
    return [...lastTries, ...unseen].some(
      tried =>
        tried.end > lastAskedAt &&
        this.deadRemovals.some(
          removal => removal.end > tried.start && removal.start < before,
        ),
    );
  }

  /** Replays that may have meant the event. */
  replaysOf(subscriptionId: string, event: EventName): Replay[] {
    return this.replays.filter(
      replay =>
        replay.subscriptionId === subscriptionId && replay.mayMean(event),
    );
  }

  /** Replays that owed the event for certain, as far as it was not owed yet. */
  certainReplaysOf(subscriptionId: string, event: EventName): Replay[] {
    return this.replaysOf(subscriptionId, event).filter(
      ({ answer, named, start, end }) =>
        answer &&
        named.has(event.id) &&
        // What is trimmed while somebody asks for it may be gone.
        !this.trims.some(trim => trim.end > start && trim.start < end) &&
        !this.#mayBeGone(subscriptionId, start),
    );
  }

  /** Settlings of the event as delivered that held, or may have. */
  deliveriesOf(subscriptionId: string, eventId: string): Settling[] {
    return this.settlings.filter(
      settling =>
        settling.subscriptionId === subscriptionId &&
        settling.answer !== false &&
        settling.settlements.some(
          ({ event, outcome }) =>
            event.id === eventId && outcome.kind === 'delivered',
        ),
    );
  }
}
