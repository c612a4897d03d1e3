import type { LoggerService } from '@backstage/backend-plugin-api';
import type { EventParams } from '@backstage/plugin-events-node';
import type { BatchFailure } from '../SubscribeOptions';
import type {
  ClaimedBatch,
  ClaimedEvent,
  HandledEvent,
  HandlingOutcome,
} from './ClaimedBatch';
import { describeFailure } from './describeFailure';
import type { HandlingErrors, HandlingObserver } from './HandlingObserver';
import type { Slots } from './Slots';
import { splitLanes } from './splitLanes';
import { withTimeLimit } from './withTimeLimit';

/** Takes several events at once. */
export interface BatchHandler {
  /** Checks the payload of an event; throws when it does not fit. Undefined for one that the handler does not want. */
  read(params: EventParams): EventParams | undefined;
  /** Returns which failed. */
  onBatch(
    events: readonly EventParams[],
  ): Promise<void | readonly BatchFailure[]>;
}

/** What handling needs besides the handler. */
export interface HandlingContext {
  subscriptionId: string;
  /** How long a handler may take, in milliseconds. */
  timeLimitMs: number;
  slots: Slots;
  observer: HandlingObserver;
  logger: LoggerService;
  /** Whether a handler of this process takes a topic. */
  takes(topic: string): boolean;
  /** Asked before each attempt; what may not begin is not tried. */
  mayBegin(): boolean;
}

/** Handles events that were claimed together; returns what it failed at. */
type Handle = (
  events: readonly ClaimedEvent[],
  given: readonly EventParams[],
) => Promise<HandlingErrors>;

const nothingFailed: HandlingErrors = new Map();

/** Handles each event of a batch by itself: lanes side by side, events of one lane one after the other. */
export async function handleOneByOne(
  { events }: ClaimedBatch,
  onEvent: (params: EventParams) => Promise<void>,
  context: HandlingContext,
): Promise<HandledEvent[]> {
  return handleLanes(events, context, async (_, [params]) => {
    await onEvent(params);
    return nothingFailed;
  });
}

/**
 * Hands a batch to one handler, in the order of the log.
 *
 * What was tried before is handed over alone, one call for each event, and with it what has the same key: a batch that
 * fails as a whole does not say which event is to blame, and one that can never be handled would take all others with
 * it until they are dead.
 */
export async function handleTogether(
  { events }: ClaimedBatch,
  handler: BatchHandler,
  context: HandlingContext,
): Promise<HandledEvent[]> {
  const retriedKeys = new Set(
    events.filter(({ attempt }) => attempt > 1).map(({ key }) => key),
  );
  const isAlone = ({ attempt, key }: ClaimedEvent) =>
    attempt > 1 || (key !== undefined && retriedKeys.has(key));
  const together = events
    .filter(event => !isAlone(event))
    .sort((a, b) => a.position - b.position);
  const handle: Handle = (handed, given) => handOver(handed, given, handler);
  const [alone, rest] = await Promise.all([
    handleLanes(events.filter(isAlone), context, handle),
    together.length > 0 ? makeAttempt(together, context, handle) : [],
  ]);
  return [...alone, ...rest];
}

/** Gives a batch handler what fits its topics; what comes behind a misfit with the same key waits. */
async function handOver(
  events: readonly ClaimedEvent[],
  given: readonly EventParams[],
  { read, onBatch }: BatchHandler,
): Promise<HandlingErrors> {
  const errors = new Map<ClaimedEvent, unknown>();
  const misfitKeys = new Set<string>();
  const fitting = events.flatMap((event, index) => {
    const { key } = event;
    if (key !== undefined && misfitKeys.has(key)) {
      return [];
    }
    try {
      const params = read(given[index]);
      return params ? [{ event, params }] : [];
    } catch (error) {
      errors.set(event, error);
      if (key !== undefined) {
        misfitKeys.add(key);
      }
      return [];
    }
  });
  if (fitting.length === 0) {
    return errors;
  }
  const failures = await onBatch(fitting.map(({ params }) => params));
  for (const { index, error } of failures ?? []) {
    const failed: { event: ClaimedEvent } | undefined = fitting[index];
    if (!failed) {
      throw new Error(
        `The handler says that the event with index ${index} failed, but it was given ${fitting.length} events`,
      );
    }
    errors.set(failed.event, error);
  }
  return errors;
}

/** Lanes side by side; what comes behind a failure in its lane is not tried. */
async function handleLanes(
  events: readonly ClaimedEvent[],
  context: HandlingContext,
  handle: Handle,
): Promise<HandledEvent[]> {
  const handleLane = async (lane: readonly ClaimedEvent[]) => {
    const handled: HandledEvent[] = [];
    let failed = false;
    for (const event of lane) {
      if (failed) {
        handled.push({ event, outcome: untried });
      } else {
        handled.push(...(await makeAttempt([event], context, handle)));
        failed = handled.at(-1)?.outcome.kind !== 'delivered';
      }
    }
    return handled;
  };
  const lanes = await Promise.all(splitLanes(events).map(handleLane));
  return lanes.flat();
}

const untried: HandlingOutcome = { kind: 'untried' };

/**
 * A topic that no process names ends after half an hour. As long as an event is younger than that and a little more, a
 * process that takes its topic may be there: a replica of another version, or this one when it has started.
 */
const elsewhereForMs = 40 * 60_000;
const elsewhere: HandlingOutcome = { kind: 'untried', afterMs: 5_000 };

/** Whether an event is to be left to a process with a handler for it. */
function isForOthers(
  { topic, timeMs }: ClaimedEvent,
  { takes }: HandlingContext,
): boolean {
  return !takes(topic) && Date.now() - timeMs < elsewhereForMs;
}

/**
 * Calls a handler within its time limit, as soon as there is a slot, and says of each event what became of it. Never
 * rejects.
 *
 * Behind an event that failed, those with the same key count as not tried, whatever the handler says of them: they are
 * handed over again behind it, so that what is done last for a key is what came last. The same holds behind an event
 * that is left to another process.
 *
 * @param events - in the order of the log
 */
async function makeAttempt(
  events: readonly ClaimedEvent[],
  context: HandlingContext,
  handle: Handle,
): Promise<HandledEvent[]> {
  return context.slots.use(async () => {
    if (!context.mayBegin()) {
      return events.map(event => ({ event, outcome: untried }));
    }
    const left = leaveToOthers(events, context);
    const tried =
      left.size === 0 ? events : events.filter(event => !left.has(event));
    const start = performance.now();
    const errors =
      tried.length > 0 ? await call(tried, context, handle) : nothingFailed;
    const durationMs = performance.now() - start;
    if (left.size === 0 && errors.size === 0) {
      const outcome: HandlingOutcome = { kind: 'delivered', durationMs };
      return events.map(event => ({ event, outcome }));
    }
    const failedKeys = new Set<string>();
    const handled = events.map((event): HandledEvent => {
      const { key } = event;
      const leftAs = left.get(event);
      if (leftAs || (key !== undefined && failedKeys.has(key))) {
        return { event, outcome: leftAs ?? untried };
      }
      if (!errors.has(event)) {
        return { event, outcome: { kind: 'delivered', durationMs } };
      }
      if (key !== undefined) {
        failedKeys.add(key);
      }
      const error = describeFailure(errors.get(event));
      return { event, outcome: { kind: 'failed', error, durationMs } };
    });
    logFailures(context, errors);
    return handled;
  });
}

const nothingLeft: ReadonlyMap<ClaimedEvent, HandlingOutcome> = new Map();

/** Those that this process has no handler for, and those behind them with the same key. */
function leaveToOthers(
  events: readonly ClaimedEvent[],
  context: HandlingContext,
): ReadonlyMap<ClaimedEvent, HandlingOutcome> {
  if (!events.some(event => isForOthers(event, context))) {
    return nothingLeft;
  }
  const left = new Map<ClaimedEvent, HandlingOutcome>();
  const keys = new Set<string>();
  for (const event of events) {
    const { key } = event;
    if (key !== undefined && keys.has(key)) {
      left.set(event, untried);
    } else if (isForOthers(event, context)) {
      left.set(event, elsewhere);
      if (key !== undefined) {
        keys.add(key);
      }
    }
  }
  return left;
}

async function call(
  events: readonly ClaimedEvent[],
  { subscriptionId, timeLimitMs, observer }: HandlingContext,
  handle: Handle,
): Promise<HandlingErrors> {
  try {
    const given = events.map(event => event.present());
    return await observer.observeHandling(
      { events, given, subscriptionId },
      () =>
        withTimeLimit(
          // A handler that throws before it returns a promise is a failed attempt like any other.
          (async () => handle(events, given))(),
          timeLimitMs,
          () =>
            new Error(
              `The handler did not end within ${timeLimitMs} ms (events.handlers.timeLimit)`,
            ),
        ),
    );
  } catch (error) {
    return new Map(events.map(event => [event, error]));
  }
}

/** One line for each error, which may stand for a whole batch. */
function logFailures(
  { subscriptionId, logger }: HandlingContext,
  errors: HandlingErrors,
): void {
  const failedWith = new Map<unknown, { event: ClaimedEvent; count: number }>();
  for (const [event, error] of errors) {
    const first = failedWith.get(error)?.event ?? event;
    const count = (failedWith.get(error)?.count ?? 0) + 1;
    failedWith.set(error, { event: first, count });
  }
  for (const [error, { event, count }] of failedWith) {
    const others = count > 1 ? ` and ${count - 1} more` : '';
    logger.warn(
      `Handler of ${subscriptionId} failed at event ${event.id}${others} of topic ${event.topic}, attempt ${event.attempt}`,
      error instanceof Error ? error : new Error(describeFailure(error)),
    );
  }
}
