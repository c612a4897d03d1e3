import type { StaffOf } from '../orders';
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
  /** So many teams are told of in turn, one by each event, as `payload.team`: `team-0` and so on. None by default. */
  teams?: number;
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

/** How far a catalog has come with what GitHub tells. */
export interface HintCounts {
  /** Events that were read. */
  read: number;
  /** Hints that wait to be followed. */
  waiting: number;
}

/** What a portal can be told to do, and what it answers. */
export interface Orders {
  subscribe: { order: HandlerDescription; answer: null };
  publish: { order: Load; answer: LoadOutcome };
  /** Publishes many events at once, several such groups side by side. Callboard only. */
  publishGroups: {
    order: Required<Pick<Load, 'run' | 'topic' | 'bytes' | 'amount'>> &
      Pick<Load, 'teams'>;
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
  /** Puts the clock of the process so far ahead of that of the machine. Portals that follow GitHub only. */
  moveClock: { order: { aheadMs: number }; answer: null };
  /** Runs a task of the schedule to its end. Those that are held run at no other time. */
  runTask: { order: { id: string }; answer: null };
  /** The URLs that the catalog is to read, as the provider has told it. */
  readTargets: { order: null; answer: string[] };
  /** Callboard only. */
  hintCounts: { order: null; answer: HintCounts };
  startProfile: { order: null; answer: null };
  stopProfile: { order: { file: string }; answer: null };
}

export type OrderKind = keyof Orders;

/** How orders are carried out. */
export type Staff = StaffOf<Orders>;
