/** How a handler of a replica treats its events. */
export type HandlerMode =
  /** Is done at once. */
  | 'fast'
  /** Takes `slowMs`. */
  | 'slow'
  /** Always fails. */
  | 'throwing'
  /** Waits for the command `release`, and fails then; the next attempt is done at once. */
  | 'held';

/** A subscription that a replica makes when it starts. */
export interface ReplicaSubscription {
  id: string;
  topic: string;
  mode?: HandlerMode;
  slowMs?: number;
}

/** What a replica is to publish: each publisher waits for one event before the next, so that its keys have an order. */
export interface PublishLoad {
  topic: string;
  events: number;
  publishers: number;
  /** How many keys each publisher has, which it takes in turn. */
  keysPerPublisher: number;
  payloadBytes: number;
  /** Pause of each publisher between events, in milliseconds. */
  pauseMs?: number;
}

/** What a test tells a replica to do. There is no answer: what comes of it is in the records, or in the store. */
export type ReplicaCommand =
  | { command: 'publish'; load: PublishLoad }
  | { command: 'release' }
  | { command: 'runChore'; id: string };

/** What a replica is started with, as JSON in the environment variable `REPLICA`. */
export interface ReplicaStart {
  name: string;
  recordFile: string;
  subscriptions: ReplicaSubscription[];
  /** Whether the events system is in another process. */
  isRemote: boolean;
}

/** The payload of every event of a load. */
export interface LoadPayload {
  key: string;
  /** From 0, without a gap, for each key. */
  sequence: number;
  padding: string;
}

/** An attempt of a handler: the line is written when it begins, and another when it ends. */
export interface HandlingRecord {
  kind: 'begin' | 'end' | 'failed';
  subscription: string;
  id: string;
  key: string;
  sequence: number;
  attempt: number;
  atMs: number;
}

/** One try to publish an event. A refused one is tried again with the same id. */
export interface PublishingRecord {
  kind: 'acknowledged' | 'refused';
  topic: string;
  id: string;
  key: string;
  sequence: number;
  atMs: number;
  tookMs: number;
  error?: string;
}

/** A line of the file of a replica. Each is written before the replica goes on, so that not even kill -9 loses one. */
export type ReplicaRecord = HandlingRecord | PublishingRecord;

/** The clock of the machine that nobody sets, in milliseconds; the same for all its processes. */
export function readMachineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
