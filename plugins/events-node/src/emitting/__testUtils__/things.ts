import { mockServices } from '@backstage/backend-test-utils';
import type { Knex } from 'knex';
import { Outbox } from '../../outbox';
import { RecordingEvents } from '../../outbox/__testUtils__/RecordingEvents';
import { insertChange } from '../dialects/sqlite';
import { nameObjects } from '../names';
import type { WatchedPlugin } from '../WatchedPlugin';

/** A plugin that keeps things, of which the names are told. */
export const things: WatchedPlugin = {
  pluginId: 'things',
  words: {
    plugin: 'the plugin of things',
    changes: 'changes of things',
    remedy: 'Count them',
  },
  version: 1,
  knownVersion: '1.2',
  columns: { things: ['id', 'name'] },
  wakeOn: ['insert into things', 'update things', 'delete from things'],
  postgres: {
    declare: 'label text;',
    body: `
      label := NEW.name;
      payload := json_build_object('name', label)::text;`,
    after: { things: 'INSERT OR UPDATE' },
  },
  sqlite: {
    tables: { callboard_things_seen: 'name TEXT PRIMARY KEY' },
    triggers: Object.fromEntries(
      ['insert', 'update'].map(event => [
        `callboard_things_${event}`,
        `AFTER ${event} ON things
         BEGIN
           ${insertChange('things', `json_object('name', NEW.name)`)}
         END`,
      ]),
    ),
  },
};

export const { outboxTable, emitterTable, change } = nameObjects('things');

/** Makes what a migration of the plugin makes. */
export async function createThings(knex: Knex): Promise<void> {
  await knex.schema.createTable('things', table => {
    table.integer('id').primary();
    table.text('name').notNullable();
  });
}

/** Makes the outbox, of which nobody reads. */
export async function createThingsOutbox(knex: Knex): Promise<void> {
  await Outbox.create({
    database: mockServices.database({ knex, migrations: { skip: false } }),
    events: new RecordingEvents(),
    logger: mockServices.logger.mock(),
    table: outboxTable,
    translate: () => undefined,
  });
}

export async function insertThing(knex: Knex, id: number): Promise<void> {
  await knex('things').insert({ id, name: `thing-${id}` });
}

/** Names that the triggers wrote down, which go with it. */
export async function takeNames(knex: Knex): Promise<string[]> {
  const payloads: string[] = await knex(outboxTable)
    .orderBy('place')
    .pluck('payload');
  await knex(outboxTable).delete();
  return payloads.map(payload => JSON.parse(payload).name);
}

/** Has the last process with the emitter have said so many days ago that it runs. */
export async function setSeen(knex: Knex, daysAgo: number): Promise<Date> {
  const seenAt = new Date(Date.now() - daysAgo * 24 * 60 * 60 * 1_000);
  await knex(emitterTable).update({ seen_at: seenAt.toISOString() });
  return seenAt;
}

/** Does what a migration of the plugin may do. */
export async function dropTriggers(knex: Knex): Promise<void> {
  await (knex.client.config.client === 'pg'
    ? knex.raw('DROP FUNCTION callboard_things_change() CASCADE')
    : knex.raw('DROP TRIGGER callboard_things_insert'));
}
