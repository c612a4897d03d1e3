import type { ChildProcess } from 'node:child_process';

/** What a process of a measurement tells the one that started it. */
export type Message =
  | { kind: 'ready' }
  | { kind: 'progress'; progress: Progress }
  | { kind: 'load'; load: LoadResult };

/** How far a contestant has come. */
export interface Progress {
  /** Pushes that its handler was given so far. */
  handled: number;
  /** Processor time that its process has used so far; its database has its own. */
  cpuMs: number;
}

/** What came of a load. */
export interface LoadResult {
  /** Delivery ids that were answered with 202. */
  acknowledged: string[];
  /** What the delivery ids of this load begin with. */
  deliveryPrefix: string;
  /** Requests that were answered otherwise, or not at all. */
  failures: number;
  /** From the first request to the last response. */
  seconds: number;
  p50Ms: number;
  p99Ms: number;
}

/** Sends a message to the process that started this one. */
export function tell(message: Message): void {
  process.send?.(message);
}

/**
 * Waits for one kind of message.
 *
 * @throws Error when the process ends before, or the time is up
 */
export function hear<TKind extends Message['kind']>(
  child: ChildProcess,
  kind: TKind,
  limitMs: number,
): Promise<Extract<Message, { kind: TKind }>> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      action();
    };
    // The loader sends messages of its own over the same channel.
    const onMessage = (message: Message) => {
      if (isKind(message, kind)) {
        settle(() => resolve(message));
      }
    };
    const onExit = (code: number | null) =>
      settle(() => reject(new Error(`The process ended with code ${code}`)));
    const timer = setTimeout(
      () =>
        settle(() =>
          reject(
            new Error(`The process did not say '${kind}' in ${limitMs} ms`),
          ),
        ),
      limitMs,
    );
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

function isKind<TKind extends Message['kind']>(
  message: Message,
  kind: TKind,
): message is Extract<Message, { kind: TKind }> {
  return message.kind === kind;
}
