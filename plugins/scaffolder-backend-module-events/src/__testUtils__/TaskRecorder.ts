import type { EventParams } from '@backstage/plugin-events-node';
import type { ScaffolderTaskChange } from '@callboard/backstage-plugin-events-common';
import { scaffolderTaskComplete } from '@callboard/backstage-plugin-events-node';

type Action = ScaffolderTaskChange['action'];

/** A subscriber that keeps what it is told of tasks, each event once. */
export class TaskRecorder {
  readonly changes: ScaffolderTaskChange[] = [];
  readonly events: EventParams[] = [];
  /** Events that do not fit the contract. */
  readonly problems: string[] = [];
  readonly #ids = new Set<string>();
  #waiting: { holds: () => boolean; resolve: () => void }[] = [];

  readonly onEvent = async (params: EventParams): Promise<void> => {
    this.events.push(params);
    if (!scaffolderTaskComplete.recognises(params)) {
      this.problems.push(JSON.stringify(params));
    } else if (!this.#ids.has(params.metadata.eventId)) {
      this.#ids.add(params.metadata.eventId);
      this.changes.push(params.eventPayload);
    }
    this.#waiting
      .filter(({ holds }) => holds())
      .forEach(({ resolve }) => resolve());
  };

  /** What became of a task, in order. */
  actionsOf(taskId: string): Action[] {
    return this.changes
      .filter(change => change.taskId === taskId)
      .map(({ action }) => action);
  }

  /** Whether the last that was told of some task is that it waits for a worker. */
  hasWaiting(): boolean {
    const last = new Map(
      this.changes.map(({ taskId, action }) => [taskId, action]),
    );
    return [...last.values()].includes('created');
  }

  /** Waits until a task has been told of so often as this, and says how. */
  async follow(taskId: string, times: number): Promise<Action[]> {
    const holds = () => this.actionsOf(taskId).length >= times;
    if (!holds()) {
      await new Promise<void>(resolve => {
        this.#waiting.push({ holds, resolve });
      });
    }
    return this.actionsOf(taskId);
  }
}
