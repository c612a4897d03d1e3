/** What an emitter makes in the database of the plugin that it watches. Its statements name it; nothing else may. */
export interface ObjectNames {
  /** What the triggers write down. */
  outboxTable: string;
  /** One row: which triggers stand, when a process with the emitter last said that it runs, how far a snapshot is. */
  emitterTable: string;
  /** On PostgreSQL: the function of the triggers, and each trigger. Replicas that change them lock it by its name. */
  change: string;
}

/** @param pluginId - of the plugin that is watched */
export function nameObjects(pluginId: string): ObjectNames {
  return {
    outboxTable: `callboard_${pluginId}_outbox`,
    emitterTable: `callboard_${pluginId}_emitter`,
    change: `callboard_${pluginId}_change`,
  };
}

/** Triggers are silent when no process with the emitter has run for so long: nobody would empty the outbox. */
export const silentAfterDays = 7;
