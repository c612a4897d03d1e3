import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Scheduler } from 'fast-check';

/** What befalls an operation at one of its statements, counted from 0; beyond the last nothing does. */
export interface Mishap {
  statement: number;
  /**
   * The connection is lost before the statement, or before its answer; or the process freezes there, while others go
   * on.
   */
  kind: 'lost' | 'answer lost' | 'frozen';
}

/** The operation lost its connection: a part of it may have happened. */
export class ConnectionLostError extends Error {
  constructor() {
    super('The connection was lost');
    this.name = 'ConnectionLostError';
  }
}

interface Operation {
  name: string;
  mishap: Mishap | undefined;
  statements: number;
  lost: boolean;
}

/** How to carry a statement out: as it is, or a rollback in its place. */
interface Execution {
  sql: string;
  /** Process of the server, where operations can wait for each other's locks there. */
  serverProcess: number | undefined;
  carryOut(): Promise<unknown>;
  rollBack(): Promise<unknown>;
}

/** One for all steppers: Node.js walks through every storage that was ever used at each promise that is made. */
const operations = new AsyncLocalStorage<Operation>();

const patienceMs = 3;
/** Long enough for others to claim, lapse, rescue and settle meanwhile. */
const frozenTurns = 40;

/**
 * Lets operations that run side by side go on one statement at a time, in the order that a scheduler chooses.
 *
 * @remarks
 * Each statement first waits for its turn. The next turn comes when the statement before has its answer, or waits for a
 * lock that another operation holds, which the server is asked about. So the order of statements, and with it whatever
 * races there are, follows from the seed of the scheduler and not from the speed of the machine.
 */
export class Stepper {
  /** What is under way, with the server's process that works on it. */
  readonly #underWay = new Map<Promise<unknown>, number | undefined>();
  /** Those that wait for a lock, as far as was known when it was last asked. */
  readonly #blocked = new Set<Promise<unknown>>();
  readonly #scheduler: Scheduler;
  readonly #findBlocked: (serverProcesses: number[]) => Promise<Set<number>>;
  #open = false;

  constructor(options: {
    scheduler: Scheduler;
    /** Finds those of the server's processes that wait for a lock. */
    findBlocked: (serverProcesses: number[]) => Promise<Set<number>>;
  }) {
    this.#scheduler = options.scheduler;
    this.#findBlocked = options.findBlocked;
  }

  /** Runs an operation step by step. */
  run<T>(
    name: string,
    mishap: Mishap | undefined,
    operation: () => Promise<T>,
  ): Promise<T> {
    return operations.run(
      { name, mishap, statements: 0, lost: false },
      operation,
    );
  }

  /** Waits for a turn without a statement, such as for a connection that others want too. */
  async waitTurn(what: string): Promise<void> {
    const operation = operations.getStore();
    if (operation && !this.#open) {
      await this.#scheduler.schedule(
        Promise.resolve(),
        `${operation.name}: ${what}`,
      );
    }
  }

  /** Waits for the statement's turn and carries it out; or loses the connection at it. */
  async step(execution: Execution): Promise<unknown> {
    const operation = operations.getStore();
    if (!operation || this.#open) {
      return execution.carryOut();
    }
    const number = operation.statements++;
    const mishap =
      number === operation.mishap?.statement ? operation.mishap : undefined;
    for (
      let turn = 0;
      mishap?.kind === 'frozen' && turn < frozenTurns;
      turn++
    ) {
      await this.waitTurn('frozen');
    }
    // To begin a transaction neither sees nor locks anything yet.
    if (!/^begin/i.test(execution.sql)) {
      await this.waitTurn(shorten(execution.sql));
    }
    // Only knex's own rollback follows a lost connection; the server would do it by itself.
    if (operation.lost && !/^rollback/i.test(execution.sql)) {
      throw new ConnectionLostError();
    }
    if (operation.lost || !mishap || mishap.kind === 'frozen') {
      return this.#watch(execution.carryOut(), execution.serverProcess);
    }
    operation.lost = true;
    if (mishap.kind === 'answer lost' && !/^begin/i.test(execution.sql)) {
      await this.#watch(execution.carryOut(), execution.serverProcess);
    } else if (/^commit/i.test(execution.sql)) {
      await this.#watch(execution.rollBack(), execution.serverProcess);
    }
    throw new ConnectionLostError();
  }

  /** Lets nothing else go on until something unscheduled is done. */
  hold<T>(task: Promise<T>): Promise<T> {
    return this.#watch(task, undefined);
  }

  /** Lets whatever comes from now on go on without waiting. */
  open(): void {
    this.#open = true;
  }

  /** Waits until every operation waits for its turn, for a lock, or has ended. */
  async settleDown(): Promise<void> {
    for (;;) {
      // Whoever has got an answer comes to its next statement.
      await nextTurn();
      await nextTurn();
      if (this.#underWay.size === 0) {
        return;
      }
      await this.#waitBriefly();
      await nextTurn();
      await this.#lookForBlocked();
      if (this.#blocked.size === this.#underWay.size) {
        return;
      }
    }
  }

  /** Waits for what is not known to be blocked. */
  async #waitBriefly(): Promise<void> {
    const running = [...this.#underWay.keys()].filter(
      task => !this.#blocked.has(task),
    );
    if (running.length > 0) {
      let timer: NodeJS.Timeout | undefined;
      const pause = new Promise<void>(resolve => {
        timer = setTimeout(resolve, patienceMs);
      });
      await Promise.race([pause, Promise.allSettled(running)]);
      clearTimeout(timer);
    }
  }

  /** Asks anew each time: whatever ended may have released the lock that another waited for. */
  async #lookForBlocked(): Promise<void> {
    const processes = [...this.#underWay.values()].flatMap(
      process => process ?? [],
    );
    const blocked =
      processes.length > 0 ? await this.#findBlocked(processes) : undefined;
    this.#blocked.clear();
    for (const [task, process] of this.#underWay) {
      if (process !== undefined && blocked?.has(process)) {
        this.#blocked.add(task);
      }
    }
  }

  #watch<T>(task: Promise<T>, serverProcess: number | undefined): Promise<T> {
    const watched = task.finally(() => {
      this.#underWay.delete(watched);
      this.#blocked.delete(watched);
    });
    this.#underWay.set(watched, serverProcess);
    return watched;
  }
}

function shorten(sql: string): string {
  return sql.replace(/\s+/g, ' ').slice(0, 100);
}
