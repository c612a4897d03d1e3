import type { Handover, History, KnownEvent } from '../History';

/**
 * Whoever subscribed before an event was published is given it, and settles it as delivered in the end; unless it was
 * dead, and was removed.
 */
export function* nothingLost(history: History): Generator<string> {
  for (const subscriptionId of history.listSubscriptions()) {
    for (const known of history.readLog()) {
      const { event, position } = known;
      const askedAt = history
        .certainReplaysOf(subscriptionId, event)
        .map(({ start }) => start);
      if (askedAt.length === 0 && !history.mustGet(subscriptionId, known)) {
        continue;
      }
      const lastAskedAt = Math.max(0, ...askedAt);
      const delivered = history
        .deliveriesOf(subscriptionId, event.id)
        .some(({ end }) => end > lastAskedAt);
      if (!delivered && !history.mayBeRemoved(subscriptionId, event)) {
        yield `${subscriptionId} never settled the event at ${position} as delivered${
          lastAskedAt > 0 ? ' after it was replayed' : ''
        }`;
      }
    }
  }
}

/** An event that was settled as delivered is not handed out again, unless somebody asks for it. */
export function* notAgain(history: History): Generator<string> {
  for (const { subscriptionId, batch, start, end } of history.handovers) {
    for (const { event } of batch.events) {
      const settled = history
        .deliveriesOf(subscriptionId, event.id)
        .find(
          settling =>
            settling.answer &&
            settling.end < start &&
            !history
              .replaysOf(subscriptionId, event)
              .some(
                replay => replay.end > settling.start && replay.start < end,
              ),
        );
      if (settled) {
        yield `${subscriptionId} was given the event at ${event.position} again with ${batch.ticket}, although ${settled.ticket} had settled it as delivered`;
      }
    }
  }
}

/** A reader is given what its subscription wants, or what was asked for, and as it was published. */
export function* onlyWantedAndWhole(history: History): Generator<string> {
  const published = new Map(
    history.appends.flatMap(({ events }) =>
      events.map(event => [event.id, event]),
    ),
  );
  const lastEnds = new Map<string, number>();
  for (const { events, answer, end } of history.appends) {
    answer?.forEach((outcome, index) => {
      if (outcome.appended) {
        lastEnds.set(events[index].id, end);
      }
    });
  }
  for (const { subscriptionId, batch, end } of history.handovers) {
    const seen = new Set<string>();
    for (const { event } of batch.events) {
      const name = `the event at ${event.position}, which ${batch.ticket} brought`;
      const original = published.get(event.id);
      if (
        original?.topic !== event.topic ||
        original.key !== event.key ||
        original.payload !== event.payload
      ) {
        yield `${name}, is not as it was published`;
      }
      if (seen.has(event.id)) {
        yield `${name}, is in the batch twice`;
      }
      seen.add(event.id);
      const wanted = history.registrations.some(
        registration =>
          registration.subscriptionId === subscriptionId &&
          registration.topics.includes(event.topic) &&
          registration.start < end &&
          registration.start < (lastEnds.get(event.id) ?? Infinity),
      );
      if (!wanted && history.replaysOf(subscriptionId, event).length === 0) {
        yield `${name}, is not wanted by ${subscriptionId}`;
      }
    }
  }
}

/**
 * Events with one key are handed out in order: while one is owed, the later ones wait. A dead one does not block.
 *
 * What a subscription does not want comes when a person asks for it, even before what it has still to read.
 */
export function* inOrder(history: History): Generator<string> {
  const log = history.readLog();
  for (const handover of history.handovers) {
    const { subscriptionId, batch } = handover;
    const places = new Map(
      batch.events.map(({ event }, index) => [event.id, index]),
    );
    for (const later of log) {
      const { key, id } = later.event;
      const place = places.get(id);
      if (
        key === undefined ||
        place === undefined ||
        !history.mustGet(subscriptionId, later)
      ) {
        continue;
      }
      for (const earlier of log) {
        if (
          earlier.event.key === key &&
          earlier.position < later.position &&
          (places.get(earlier.event.id) ?? Infinity) > place &&
          isOwed(history, handover, earlier)
        ) {
          yield `${subscriptionId} was given the event at ${later.position} with ${batch.ticket}, while ${earlier.position} with the same key was owed`;
        }
      }
    }
  }
}

/** Whether an event was owed to a subscription for certain, at every moment of a claim. */
function isOwed(
  history: History,
  { subscriptionId, start, end, dead }: Handover,
  known: KnownEvent,
): boolean {
  const { event, position } = known;
  const replays = history
    .replaysOf(subscriptionId, event)
    .filter(replay => replay.start < end);
  if (
    dead.has(position) ||
    replays.some(replay => replay.end > start) ||
    history.mayBeRemoved(subscriptionId, event, end)
  ) {
    return false;
  }
  const asked = history
    .certainReplaysOf(subscriptionId, event)
    .filter(replay => replay.start < end);
  if (asked.length === 0 && !history.mustGet(subscriptionId, known)) {
    return false;
  }
  const lastAskedAt = Math.max(0, ...asked.map(replay => replay.start));
  return !history
    .deliveriesOf(subscriptionId, event.id)
    .some(settling => settling.start < end && settling.end > lastAskedAt);
}

/** Nobody tries more often than the retry policy says, and an event is dead only after as many attempts. */
export function* attemptsAreBounded(history: History): Generator<string> {
  for (const { subscriptionId, batch } of history.handovers) {
    for (const { event, attempt } of batch.events) {
      if (attempt > history.maxAttempts) {
        yield `${subscriptionId} was given the event at ${event.position} for attempt ${attempt} of ${history.maxAttempts}`;
      }
    }
  }
}

/** Once all is handled nothing is owed, dead, held or unread. */
export function* nothingRemains(history: History): Generator<string> {
  const { remains } = history;
  if (!remains) {
    yield 'The history has no end';
    return;
  }
  for (const owed of remains.owed) {
    yield `In the end ${owed}`;
  }
  for (const dead of remains.dead) {
    yield `In the end ${dead} is still dead`;
  }
  for (const { subscriptionId, lag } of remains.lags) {
    if (lag > 0) {
      yield `In the end ${subscriptionId} is ${lag} behind`;
    }
  }
  if (remains.heldBatches > 0) {
    yield `In the end ${remains.heldBatches} subscriptions have open batches`;
  }
}
