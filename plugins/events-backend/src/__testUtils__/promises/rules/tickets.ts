import type { Handover, History, Span } from '../History';

/** When a ticket was good for certain: from the hand-over until it was last used with success. */
function goodFor(history: History, { batch, end }: Handover): Span {
  const uses = [
    ...history.settlings.filter(
      ({ ticket, answer }) => ticket === batch.ticket && answer,
    ),
    ...history.renewals.filter(({ answer }) => answer?.has(batch.ticket)),
  ];
  return { start: end, end: Math.max(end, ...uses.map(({ start }) => start)) };
}

/** Pairs of hand-overs of one subscription, the one that was handed over first first. */
function* pairs<T extends Handover>(
  handovers: readonly T[],
): Generator<[T, T]> {
  for (const [index, later] of handovers.entries()) {
    for (const earlier of handovers.slice(0, index)) {
      if (earlier.subscriptionId === later.subscriptionId) {
        yield [earlier, later];
      }
    }
  }
}

/** A key is never in two batches whose tickets are good at once, and neither is an event. */
export function* oneHolder(history: History): Generator<string> {
  const handovers = history.handovers.map(handover => ({
    ...handover,
    good: goodFor(history, handover),
  }));
  for (const [one, other] of pairs(handovers)) {
    if (one.good.start >= other.good.end || other.good.start >= one.good.end) {
      continue;
    }
    const both = `${one.batch.ticket} and ${other.batch.ticket} of ${one.subscriptionId}`;
    const keys = new Set(one.batch.events.map(({ event }) => event.key));
    const ids = new Set(one.batch.events.map(({ event }) => event.id));
    for (const { event } of other.batch.events) {
      const { id, key, position } = event;
      if (key !== undefined && keys.has(key)) {
        yield `Key ${key} was in the good batches ${both} at once`;
      } else if (
        ids.has(id) &&
        // A person may ask for an event that somebody has in hand; without a key it waits for nobody.
        history.replaysOf(one.subscriptionId, event).length === 0
      ) {
        yield `The event at ${position} was in the good batches ${both} at once`;
      }
    }
  }
}

/** A ticket settles once, and nothing any more once its events are in other hands. */
export function* staleTicketSettlesNothing(
  history: History,
): Generator<string> {
  const { settlings, renewals, lapses, rescues } = history;
  const effective = settlings.filter(({ answer }) => answer);
  for (const settling of effective) {
    const { ticket, start } = settling;
    const name = `Ticket ${ticket} of ${settling.subscriptionId}`;
    if (
      effective.some(other => other !== settling && other.ticket === ticket)
    ) {
      yield `${name} settled twice`;
    }
    const refused = renewals.some(
      ({ tickets, answer, end }) =>
        end < start &&
        tickets.includes(ticket) &&
        answer &&
        !answer.has(ticket),
    );
    if (refused) {
      yield `${name} settled after it could not be renewed`;
    }
    for (const lapse of lapses.filter(other => other.ticket === ticket)) {
      const rescued = rescues.find(
        rescue =>
          rescue.answer && lapse.end < rescue.start && rescue.end < start,
      );
      const mayBeRenewed = renewals.some(
        renewal =>
          renewal.tickets.includes(ticket) &&
          renewal.end > lapse.start &&
          renewal.start < start,
      );
      if (rescued && !mayBeRenewed) {
        yield `${name} settled after it had lapsed and was rescued`;
      }
    }
  }
  for (const [earlier, later] of pairs(history.handovers)) {
    const { ticket, events } = earlier.batch;
    const ids = new Set(events.map(({ event }) => event.id));
    const lost = later.batch.events.find(
      ({ event }) =>
        ids.has(event.id) &&
        history.replaysOf(later.subscriptionId, event).length === 0,
    );
    const settled = effective.some(
      settling => settling.ticket === ticket && settling.start > later.end,
    );
    if (lost && settled && earlier.end < later.start) {
      yield `Ticket ${ticket} settled although ${lost.event.position} was handed out again with ${later.batch.ticket}`;
    }
  }
}

/** A ticket settles unless it has settled already, or its lease lapsed and was not renewed in time. */
export function* goodTicketSettles(history: History): Generator<string> {
  const { settlings, renewals, lapses } = history;
  for (const settling of settlings) {
    const { ticket, start, end, answer } = settling;
    const settledBefore = settlings.some(
      other =>
        other !== settling &&
        other.ticket === ticket &&
        other.answer !== false &&
        other.start < end,
    );
    const lapsed = lapses.some(
      lapse =>
        (lapse.ticket === ticket || lapse.ticket === undefined) &&
        lapse.start < end &&
        !renewals.some(
          renewal =>
            renewal.answer?.has(ticket) &&
            renewal.start > lapse.end &&
            renewal.end < start,
        ),
    );
    if (answer === false && !settledBefore && !lapsed) {
      yield `Ticket ${ticket} of ${settling.subscriptionId} did not settle, although it was good`;
    }
  }
}
