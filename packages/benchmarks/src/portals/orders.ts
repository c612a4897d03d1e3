import type { ChildProcess } from 'node:child_process';
import type { Distribution } from '../report/statistics';

/** A handler that a portal subscribes. */
export interface HandlerDescription {
  /** Of the subscription, within the plugin. */
  id: string;
  topics: string[];
  /** What it does with an event after it has counted it. */
  behaviour: 'counts' | 'takes 10 s' | 'throws';
}

/** Events that a portal publishes. The load ends with its amount or its time, whichever comes first. */
export interface Load {
  /** Events of different runs are counted apart. */
  run: string;
  topic: string;
  /** How many publish side by side; each waits for one event before it publishes the next. */
  publishers: number;
  /** Of each payload, as JSON. */
  bytes: number;
  amount?: number;
  seconds?: number;
  /** Events come due at this rate; as fast as they can be published when undefined. */
  ratePerSecond?: number;
}

/** What came of a load. Moments are microseconds of the machine's monotonic clock, the same in all its processes. */
export interface LoadOutcome {
  published: number;
  /** Of which `publish` rejected; they may have been stored all the same. */
  failures: number;
  firstFailure: string | undefined;
  firstAtUs: number;
  lastAtUs: number;
  /** How long `publish` took. */
  publishMs: Distribution;
}

/** What a handler was given of one run. */
export interface Tally {
  /** Different events. */
  handled: number;
  /** Hand-overs beyond the first of an event. */
  repeated: number;
  lastAtUs: number;
}

/** What a portal's process has used so far; its database has its own. */
export interface Usage {
  cpuMs: number;
  rssBytes: number;
}

/** What the statements of the events plugin took, seen from its process. */
export interface StatementTimes {
  /** The beginnings of their texts, the one that took most first. */
  statements: { text: string; count: number; totalMs: number }[];
  /** For each claimed batch: all statements since the batch before, and the time since then. */
  batches: { statementsMs: number; intervalMs: number }[];
}

/** Some entities of the catalog: from number `first` on, with a description that names the revision. */
export interface EntityPiece {
  first: number;
  count: number;
  revision: number;
}

export interface CatalogState {
  /** Entities of the piece that the catalog serves in its revision. */
  served: number;
  /** Entities that are still to be written. */
  waiting: number;
}

/** What a portal can be told to do, and what it answers. */
export interface Orders {
  subscribe: { order: HandlerDescription; answer: null };
  publish: { order: Load; answer: LoadOutcome };
  /** Publishes many events at once, several such groups side by side. Callboard only. */
  publishGroups: {
    order: Required<Pick<Load, 'run' | 'topic' | 'bytes' | 'amount'>>;
    answer: null;
  };
  tally: { order: { handler: string; run: string }; answer: Tally };
  /** Milliseconds from the call of `publish` to the handler. */
  latency: { order: { handler: string; run: string }; answer: Distribution };
  usage: { order: null; answer: Usage };
  /** From now on. Callboard only. */
  timeStatements: { order: null; answer: null };
  statementTimes: { order: null; answer: StatementTimes };
  /** Starts the chore that trims the log. Callboard only. */
  trim: { order: null; answer: null };
  /** Has a provider of the catalog add or change entities. Portals with a catalog only. */
  provide: { order: EntityPiece; answer: null };
  /** How far the catalog has come with them. */
  catalogState: { order: EntityPiece; answer: CatalogState };
  /** Milliseconds from the write of a change in the catalog's database to the handler. */
  changeLatency: { order: null; answer: Distribution & { count: number } };
  startProfile: { order: null; answer: null };
  stopProfile: { order: { file: string }; answer: null };
}

export type OrderKind = keyof Orders;

interface OrderMessage<TKind extends OrderKind> {
  kind: TKind;
  number: number;
  order: Orders[TKind]['order'];
}

type AnyOrderMessage = { [K in OrderKind]: OrderMessage<K> }[OrderKind];

type AnswerMessage<TKind extends OrderKind> =
  | { kind: 'answer'; number: number; answer: Orders[TKind]['answer'] }
  | { kind: 'failure'; number: number; failure: string };

/** How orders are carried out. */
export type Staff = {
  [K in OrderKind]: (
    order: Orders[K]['order'],
  ) => Promise<Orders[K]['answer']> | Orders[K]['answer'];
};

/** In the portal's process: carries out orders as they come. */
export function takeOrders(staff: Partial<Staff>): void {
  async function carryOut<TKind extends OrderKind>(
    message: OrderMessage<TKind>,
  ): Promise<AnswerMessage<TKind>> {
    const { kind, number, order } = message;
    try {
      const member: Staff[TKind] | undefined = staff[kind];
      if (!member) {
        throw new Error(`This portal cannot ${kind}`);
      }
      return { kind: 'answer', number, answer: await member(order) };
    } catch (error) {
      return { kind: 'failure', number, failure: String(error) };
    }
  }
  process.on('message', async (message: AnyOrderMessage) => {
    process.send?.(await carryOut(message));
  });
}

let orders = 0;

/**
 * Tells a portal's process to do something, and waits for its answer.
 *
 * @throws Error when it fails, the process ends before, or the time is up
 */
export function giveOrder<TKind extends OrderKind>(
  child: ChildProcess,
  kind: TKind,
  order: Orders[TKind]['order'],
  limitMs: number,
): Promise<Orders[TKind]['answer']> {
  orders += 1;
  const number = orders;
  return new Promise((resolve, reject) => {
    const settle = (action: () => void) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      action();
    };
    const onMessage = (message: AnswerMessage<TKind>) => {
      if (message.number !== number) {
        return;
      }
      if (message.kind === 'answer') {
        settle(() => resolve(message.answer));
      } else if (message.kind === 'failure') {
        settle(() => reject(new Error(`${kind}: ${message.failure}`)));
      }
    };
    const onExit = (code: number | null) =>
      settle(() =>
        reject(new Error(`${kind}: the process ended with code ${code}`)),
      );
    const timer = setTimeout(
      () =>
        settle(() =>
          reject(new Error(`${kind}: no answer within ${limitMs} ms`)),
        ),
      limitMs,
    );
    child.on('message', onMessage);
    child.on('exit', onExit);
    const message: OrderMessage<TKind> = { kind, number, order };
    child.send(message);
  });
}
