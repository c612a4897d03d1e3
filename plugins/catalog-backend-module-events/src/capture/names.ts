/** What the module makes in the catalog's database. Triggers and statements name it; nothing else may. */
export const outboxTable = 'callboard_catalog_outbox';
/** One row: when a process with this module last ran, and which triggers stand. */
export const emitterTable = 'callboard_catalog_emitter';

/** The tables of the catalog whose changes are caught. */
export const watchedTables = ['final_entities', 'locations'] as const;

/** Type of the catalog's own row in `locations`, which nobody registered. */
export const bootstrapLocationType = 'bootstrap';

/** Triggers are silent when no process with this module has run for so long: nobody would empty the outbox. */
export const silentAfterDays = 7;
