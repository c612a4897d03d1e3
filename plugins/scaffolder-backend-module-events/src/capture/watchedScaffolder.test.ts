import { randomUUID } from 'node:crypto';
import {
  createTestDatabases,
  type TestDatabaseId,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { ChangeCapture } from '@callboard/backstage-plugin-events-node/emitting';
import createKnex, { type Knex } from 'knex';
import { startScaffolder } from '../__testUtils__/startScaffolder';
import { outboxTable } from './names';
import { watchedScaffolder } from './watchedScaffolder';

jest.setTimeout(60_000);

const databases = createTestDatabases();
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

/** A database as the scaffolder and the module have made it, of which nobody reads. */
async function prepare(
  id: TestDatabaseId,
  open: (knex: Knex) => Promise<Knex> = async knex => knex,
): Promise<Knex> {
  const knex = await open(await databases.open(id));
  const { stop } = await startScaffolder({
    databases: { scaffolder: knex, events: await databases.open(id) },
  });
  await stop();
  return knex;
}

const spec = JSON.stringify({
  parameters: { name: 'a' },
  templateInfo: { entityRef: 'template:default/t' },
});

async function insertTask(knex: Knex, changes: object = {}): Promise<string> {
  const taskId = randomUUID();
  await knex('tasks').insert({
    id: taskId,
    spec,
    status: 'open',
    created_by: 'user:default/u',
    ...changes,
  });
  return taskId;
}

/** What the triggers wrote, which goes with it. */
async function takeRows(knex: Knex): Promise<unknown[]> {
  const payloads: string[] = await knex(outboxTable)
    .orderBy('place')
    .pluck('payload');
  await knex(outboxTable).delete();
  return payloads.map(payload => JSON.parse(payload));
}

describe.each(databases.ids)('the capture of changes of tasks on %s', id => {
  it('writes down each status, and nothing when it stays', async () => {
    const knex = await prepare(id);
    const taskId = await insertTask(knex);
    const task = () => knex('tasks').where({ id: taskId });
    const change = {
      taskId,
      templateRef: 'template:default/t',
      createdBy: 'user:default/u',
    };
    await expect(takeRows(knex)).resolves.toEqual([
      { ...change, status: 'open' },
    ]);
    await task().update({ status: 'processing', secrets: null });
    await task().update({ last_heartbeat_at: knex.fn.now() });
    await task().update({ status: 'processing', state: '{}' });
    await task().update({ status: 'completed' });
    await task().delete();
    await expect(takeRows(knex)).resolves.toEqual([
      { ...change, status: 'processing' },
      { ...change, status: 'completed' },
    ]);
  });

  it.each([
    ['no JSON', 'x', null],
    ['half of it', '{"templateInfo":{"entityRef":"template:default/t"', null],
    ['null', 'null', null],
    ['no template', '{"templateInfo":5}', null],
    ['another thing as a reference', '{"templateInfo":{"entityRef":{}}}', null],
    [
      'characters that a database may refuse',
      `{"a":"\\u0000\\ud800\\\\u0000\\\\\\u0000",${spec.slice(1)}`,
      'template:default/t',
    ],
    ['a large number', `{"a":1e999999,${spec.slice(1)}`, 'template:default/t'],
    [
      'many levels',
      `{"a":${'['.repeat(900)}${']'.repeat(900)},${spec.slice(1)}`,
      'template:default/t',
    ],
  ])(
    'reads no more than the template of a specification with %s',
    async (_, text, ref) => {
      const knex = await prepare(id);
      await insertTask(knex, { spec: text, created_by: null });
      await expect(takeRows(knex)).resolves.toMatchObject([
        { templateRef: ref, createdBy: null },
      ]);
    },
  );

  it('lets migrations of the scaffolder change what it reads', async () => {
    const knex = await prepare(id);
    for (const [table, column] of [
      ['task_events', 'event_type'],
      ['tasks', 'status'],
    ]) {
      await knex.schema.alterTable(table, builder => {
        builder.string(column, 20).notNullable().alter();
      });
    }
    await new ChangeCapture(knex, watchedScaffolder).install();
    await insertTask(knex);
    await expect(takeRows(knex)).resolves.toHaveLength(1);
  });
});

(databases.ids.includes('POSTGRES_15') ? describe : describe.skip)(
  'the capture of changes of tasks on PostgreSQL',
  () => {
    const id = 'POSTGRES_15';

    it('lets the scaffolder go on without a column or a table that is read', async () => {
      const knex = await prepare(id);
      await knex.schema.alterTable('tasks', table => {
        table.renameColumn('created_by', 'maker');
      });
      await knex('tasks').insert({ id: randomUUID(), spec, status: 'open' });
      await knex('tasks').update({ status: 'processing' });
      await expect(takeRows(knex)).resolves.toEqual([]);
      await knex.schema.alterTable('tasks', table => {
        table.renameColumn('maker', 'created_by');
      });
      await knex.schema.renameTable('task_events', 'elsewhere');
      await knex('tasks').update({ status: 'failed' });
      await expect(takeRows(knex)).resolves.toEqual([]);
      await expect(knex('tasks').pluck('status')).resolves.toEqual(['failed']);
    });

    it('finds its tables in the schema of the tasks, whatever the search path', async () => {
      const direct = await databases.open(id);
      const knex = await prepare(id, async ({ client }) => {
        await direct.raw('CREATE SCHEMA scaffolder');
        const { connection, ...config } = client.config;
        const inSchema = createKnex({
          ...config,
          connection: {
            ...connection,
            database: direct.client.config.connection.database,
            // Hidden from copies by the driver.
            password: connection.password,
          },
          searchPath: ['scaffolder'],
        });
        closing.push(() => inSchema.destroy());
        return inSchema;
      });
      await direct('tasks')
        .withSchema('scaffolder')
        .insert({ id: randomUUID(), spec, status: 'failed' });
      await expect(takeRows(knex)).resolves.toMatchObject([
        { status: 'failed', templateRef: 'template:default/t' },
      ]);
      await expect(direct.schema.hasTable(outboxTable)).resolves.toBe(false);
    });
  },
);
