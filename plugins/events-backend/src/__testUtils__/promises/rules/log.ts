import type { History } from '../History';

/** The same id, or the same deduplication id of one topic, is stored once; and nothing that was acknowledged is missing. */
export function* storedOnce(history: History): Generator<string> {
  const known = history.readLog();
  const positions = new Map<number, string>();
  for (const { event, position } of known) {
    const other = positions.get(position);
    if (other !== undefined) {
      yield `Position ${position} has the events ${other} and ${event.id}`;
    }
    positions.set(position, event.id);
  }

  const stored = new Map<string, Set<number>>();
  for (const { events, answer } of history.appends) {
    answer?.forEach((outcome, index) => {
      const { id } = events[index];
      const places = stored.get(id) ?? new Set();
      stored.set(id, places);
      if (outcome.appended) {
        places.add(outcome.position);
      }
    });
  }
  for (const [id, places] of stored) {
    if (places.size > 1) {
      yield `Event ${id} was stored at ${[...places].join(' and ')}`;
    }
  }

  const left = history.remains?.log ?? [];
  const twins = new Set<string>();
  for (const { id, topic, deduplicationId } of left) {
    if (deduplicationId !== undefined) {
      const twin = `${topic} ${deduplicationId}`;
      if (twins.has(twin)) {
        yield `Event ${id} has the deduplication id of another: ${twin}`;
      }
      twins.add(twin);
    }
  }
  if (history.trims.length > 0) {
    return;
  }
  const ids = new Set(left.map(({ id }) => id));
  for (const { events, answer } of history.appends) {
    for (const { id, topic, deduplicationId } of answer ? events : []) {
      if (!ids.has(id) && !twins.has(`${topic} ${deduplicationId}`)) {
        yield `Event ${id} was acknowledged and is not in the log`;
      }
    }
  }
}

/** Positions come in the order of commits. */
export function* positionsRise(history: History): Generator<string> {
  const appended = history.appends.flatMap(({ answer, start, end }) =>
    (answer ?? []).flatMap(outcome =>
      outcome.appended ? [{ position: outcome.position, start, end }] : [],
    ),
  );
  for (const earlier of appended) {
    for (const later of appended) {
      if (earlier.end < later.start && earlier.position >= later.position) {
        yield `Position ${later.position} was given after ${earlier.position}`;
      }
    }
  }
}

/** Whoever reads the log on from where it was sees every event that is there, once and in order. */
export function* nothingPassed(history: History): Generator<string> {
  const { followed, remains } = history;
  let last = 0;
  for (const { position } of followed) {
    if (position <= last) {
      yield `A reader of the log saw ${position} after ${last}`;
    }
    last = position;
  }
  const seen = new Set(followed.map(({ id }) => id));
  for (const { id, position } of remains?.log ?? []) {
    if (!seen.has(id)) {
      yield `A reader of the log passed over ${id} at ${position}`;
    }
  }
}
