import type { LoggerService } from '@backstage/backend-plugin-api';
import type {
  EventParams,
  EventsServiceEventHandler,
} from '@backstage/plugin-events-node';
import type {
  ClaimedBatch,
  ClaimedEvent,
  HandledEvent,
  HandlingOutcome,
} from './ClaimedBatch';
import { describeFailure } from './describeFailure';
import type { HandlingObserver } from './HandlingObserver';
import type { Slots } from './Slots';
import { splitLanes } from './splitLanes';
import { withTimeLimit } from './withTimeLimit';

/** Several events at once; returns which failed. */
export type BatchHandler = (
  events: readonly EventParams[],
) => Promise<void | readonly { index: number; error: unknown }[]>;

/** What handling needs besides the handler. */
export interface HandlingContext {
  subscriptionId: string;
  /** How long a handler may take, in milliseconds. */
  timeLimitMs: number;
  observer: HandlingObserver;
  logger: LoggerService;
  /** When aborted, what has not begun is not tried. */
  stopping: AbortSignal;
}

/** Handles each event of a batch by itself: lanes side by side, events of one lane one after the other. */
export async function handleOneByOne(
  batch: ClaimedBatch,
  findHandler: (topic: string) => EventsServiceEventHandler,
  slots: Slots,
  context: HandlingContext,
): Promise<HandledEvent[]> {
  const handleLane = async (lane: readonly ClaimedEvent[]) => {
    const handled: HandledEvent[] = [];
    let failed = false;
    for (const event of lane) {
      const outcome: HandlingOutcome = failed
        ? { kind: 'untried' }
        : await slots
            .use(() =>
              handle([event], context, async ([params]) => {
                await findHandler(event.topic)(params);
              }),
            )
            .then(([only]) => only);
      failed ||= outcome.kind !== 'delivered';
      handled.push({ event, outcome });
    }
    return handled;
  };
  const lanes = await Promise.all(splitLanes(batch.events).map(handleLane));
  return lanes.flat();
}

/** Hands a whole batch to one handler, in the order of the log. */
export async function handleTogether(
  batch: ClaimedBatch,
  onBatch: BatchHandler,
  slots: Slots,
  context: HandlingContext,
): Promise<HandledEvent[]> {
  const events = [...batch.events].sort((a, b) => a.position - b.position);
  const outcomes = await slots.use(() => handle(events, context, onBatch));
  return events.map((event, index) => ({ event, outcome: outcomes[index] }));
}

/** Calls a handler within its time limit, and says of each event what became of it. Never rejects. */
async function handle(
  events: readonly ClaimedEvent[],
  context: HandlingContext,
  handler: BatchHandler,
): Promise<HandlingOutcome[]> {
  if (context.stopping.aborted) {
    return events.map(() => ({ kind: 'untried' }));
  }
  const { subscriptionId, timeLimitMs, observer } = context;
  const start = performance.now();
  const delivered = (): HandlingOutcome => ({
    kind: 'delivered',
    durationMs: performance.now() - start,
  });
  const failed = (error: unknown): HandlingOutcome => ({
    kind: 'failed',
    error: describeFailure(error),
    durationMs: performance.now() - start,
  });
  try {
    const given = events.map(event => event.present());
    const failures = await observer.observeHandling(
      { events, given, subscriptionId },
      () =>
        withTimeLimit(
          // A handler that throws before it returns a promise is a failed attempt like any other.
          (async () => handler(given))(),
          timeLimitMs,
          () =>
            new Error(
              `The handler did not end within ${timeLimitMs} ms (events.handlers.timeLimit)`,
            ),
        ),
    );
    const errors = new Map(
      (failures ?? []).map(({ index, error }) => [index, error]),
    );
    return events.map((event, index) => {
      if (!errors.has(index)) {
        return delivered();
      }
      logFailure(context, event, errors.get(index));
      return failed(errors.get(index));
    });
  } catch (error) {
    events.forEach(event => logFailure(context, event, error));
    return events.map(() => failed(error));
  }
}

function logFailure(
  { subscriptionId, logger }: HandlingContext,
  event: ClaimedEvent,
  error: unknown,
): void {
  logger.warn(
    `Handler of ${subscriptionId} failed at event ${event.id} of topic ${event.topic}, attempt ${event.attempt}`,
    error instanceof Error ? error : new Error(describeFailure(error)),
  );
}
