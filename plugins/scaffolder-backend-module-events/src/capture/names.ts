/** What the module makes in the scaffolder's database. Triggers and statements name it; nothing else may. */
export const outboxTable = 'callboard_scaffolder_outbox';
/** One row: when a process with this module last ran, and which triggers stand. */
export const emitterTable = 'callboard_scaffolder_emitter';

/** What of the scaffolder's tables is read. */
export const readColumns = {
  tasks: ['id', 'spec', 'status', 'created_by'],
  task_events: ['task_id', 'event_type'],
};

/** Triggers are silent when no process with this module has run for so long: nobody would empty the outbox. */
export const silentAfterDays = 7;
