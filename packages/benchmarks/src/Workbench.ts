import { fork, type ChildProcess } from 'node:child_process';

/** Characters of a child's output that are kept, to be shown if it fails. */
const maxOutput = 10_000;

type Undo = () => Promise<void>;

/**
 * Remembers what a measurement has put up, processes above all, and takes it down again: in the end, after an error
 * and on Ctrl-C.
 */
export class Workbench {
  readonly #undos = new Set<Undo>();
  readonly #children = new Set<ChildProcess>();

  constructor() {
    // Even when nobody could wait for `clear`, no child goes on measuring.
    process.once('exit', () =>
      this.#children.forEach(child => child.kill('SIGKILL')),
    );
  }

  /**
   * Promises to undo something.
   *
   * @returns does it now; once, even when everything is taken down at the same time
   */
  add(undo: () => Promise<void>): Undo {
    let undoing: Promise<void> | undefined;
    const once = () => {
      undoing ??= undo().finally(() => this.#undos.delete(once));
      return undoing;
    };
    this.#undos.add(once);
    return once;
  }

  /**
   * Starts a TypeScript module of this package in a process of its own.
   *
   * @remarks
   * The module is compiled as it is loaded, by the loader of the Backstage CLI; what runs afterwards is plain JavaScript,
   * the same as in a built package.
   *
   * @param module - its path
   * @param options.nodeOptions - for Node.js itself
   */
  fork(
    module: string,
    options: {
      args?: string[];
      nodeOptions?: string[];
      environment?: Record<string, string>;
    } = {},
  ): ChildProcess {
    const child = fork(module, options.args ?? [], {
      execArgv: [
        '--require',
        require.resolve('@backstage/cli/config/nodeTransform.cjs'),
        ...(options.nodeOptions ?? []),
      ],
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#children.add(child);
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk).slice(-maxOutput);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.once('exit', code => {
      this.#children.delete(child);
      if (code) {
        process.stderr.write(output);
      }
    });
    return child;
  }

  /** Ends a process, and waits until it is gone. */
  async end(
    child: ChildProcess,
    signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL',
  ): Promise<void> {
    if (!this.#children.has(child)) {
      return;
    }
    const gone = new Promise(resolve => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  /** Takes everything down: processes first, because they use the rest. */
  async clear(): Promise<void> {
    await Promise.all([...this.#children].map(child => this.end(child)));
    for (const undo of [...this.#undos].reverse()) {
      await undo();
    }
  }
}
