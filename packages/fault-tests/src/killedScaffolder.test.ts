import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '@backstage/types';
import { createTestDatabases } from '@callboard/backstage-plugin-events-backend-test-utils';
import { scaffolderTaskComplete } from '@callboard/backstage-plugin-events-node';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import createKnex, { type Knex } from 'knex';
import { z } from 'zod';
import { PortalClient } from './PortalClient';
import { PortalProcess } from './PortalProcess';

/** What a user enters, and what nobody else is to see. */
const userInput = 'entered-by-the-user';

/** How long a step is in the middle of which the portal is killed. */
const stepSeconds = 8;

const databases = createTestDatabases();
const disposables: { dispose(): Promise<void> }[] = [];

afterEach(async () => {
  for (const disposable of disposables.splice(0)) {
    await disposable.dispose();
  }
});

async function openPortal(databaseId: string, config: JsonObject) {
  if (databaseId === 'SQLITE_FILE') {
    const portal = await PortalProcess.create('sqlite', [], config);
    const open = (pluginId: string) =>
      createKnex({
        client: 'better-sqlite3',
        connection: { filename: portal.sqliteFileOf(pluginId) },
        useNullAsDefault: true,
      });
    return { portal, open };
  }
  const { host, port, user, database } = (await databases.open('POSTGRES_15'))
    .client.config.connection;
  const connection = { host, port: Number(port), user, database };
  const portal = await PortalProcess.create(connection, [], config);
  const open = (pluginId: string) =>
    createKnex({ client: 'pg', connection, searchPath: [pluginId] });
  return { portal, open };
}

const keep = (knex: Knex) => {
  disposables.unshift({ dispose: () => knex.destroy() });
  return knex;
};

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

async function until(what: string, holds: () => Promise<boolean>) {
  const deadline = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > deadline) {
      throw new Error(`Not within two minutes: ${what}`);
    }
    await pause(50);
  }
}

class TaskClient extends PortalClient {
  /** Has a task made, and returns its id. One whose answer was lost with the portal is made again. */
  async create(options: { seconds: number; fails?: boolean }): Promise<string> {
    const { id } = await this.ask('POST', 'scaffolder/v2/tasks', {
      templateRef: 'template:default/steps',
      values: { name: userInput, fails: false, ...options },
      secrets: { token: userInput },
    });
    return id;
  }

  cancel(taskId: string): Promise<void> {
    return this.ask('POST', `scaffolder/v2/tasks/${taskId}/cancel`, {});
  }
}

/** Makes short tasks, every third of which fails, until it is told to stop; across kills, too. */
function makeShortTasks(client: TaskClient) {
  let isStopped = false;
  const made = (async () => {
    for (let round = 0; !isStopped; round++) {
      await client.create({ seconds: 0.1, fails: round % 3 === 2 });
      await pause(150);
    }
  })();
  // Told of where it is stopped.
  made.catch(() => {});
  const stop = () => {
    isStopped = true;
    return made;
  };
  disposables.unshift({
    async dispose() {
      isStopped = true;
    },
  });
  return { stop };
}

/** How often a step of a task was begun. */
async function countBegun(
  scaffolder: Knex,
  taskId: string,
  stepId: string,
): Promise<number> {
  const bodies: string[] = await scaffolder('task_events')
    .where({ task_id: taskId, event_type: 'log' })
    .pluck('body');
  return bodies
    .map(body => JSON.parse(body))
    .filter(body => body.stepId === stepId && body.status === 'processing')
    .length;
}

interface TaskHistory {
  isOver: boolean;
  recoveries: number;
  /** What must have been told of the task. */
  actions: string[];
}

/** What became of each task, by what the scaffolder itself keeps. */
async function readHistories(
  scaffolder: Knex,
): Promise<Map<string, TaskHistory>> {
  const tasks: { id: string; status: string }[] = await scaffolder(
    'tasks',
  ).select('id', 'status');
  const events: { task_id: string; event_type: string }[] = await scaffolder(
    'task_events',
  ).select('task_id', 'event_type');
  return new Map(
    tasks.map(({ id, status }) => {
      const types = events
        .filter(event => event.task_id === id)
        .map(event => event.event_type);
      const recoveries = types.filter(type => type === 'recovered').length;
      const isCancelled = status === 'failed' && types.includes('cancelled');
      const isOver = ['completed', 'failed'].includes(status);
      const lives = Array.from({ length: 1 + recoveries }, () => [
        'created',
        'processing',
      ]);
      const actions = [...lives.flat(), isCancelled ? 'cancelled' : status];
      return [id, { isOver, recoveries, actions }];
    }),
  );
}

const eventSchema = z.object({
  topic: z.string(),
  eventPayload: z.unknown(),
  metadata: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
});

/** What the subscriber was told of each task, in order; an event that came again counts once. */
function readTold(lines: readonly string[]) {
  const actions = new Map<string, string[]>();
  const lineOfId = new Map<string, string>();
  /** Events that are not of the contract, or came again as others. */
  const problems: string[] = [];
  let repeated = 0;
  for (const line of lines) {
    const event = eventSchema.parse(JSON.parse(line));
    const eventId = String(event.metadata.eventId);
    const before = lineOfId.get(eventId);
    if (!scaffolderTaskComplete.recognises(event)) {
      problems.push(line);
    } else if (before === undefined) {
      lineOfId.set(eventId, line);
      const { taskId, action } = event.eventPayload;
      actions.set(taskId, [...(actions.get(taskId) ?? []), action]);
    } else {
      repeated += 1;
      const payload = eventSchema.parse(JSON.parse(before)).eventPayload;
      if (!isDeepStrictEqual(payload, event.eventPayload)) {
        problems.push(line);
      }
    }
  }
  return { actions, ids: [...lineOfId.keys()], problems, repeated };
}

const actionsOf = (histories: Map<string, TaskHistory>) =>
  new Map([...histories].map(([id, { actions }]) => [id, actions]));

const sorted = <T>(map: Map<string, T>) =>
  Object.fromEntries([...map].sort(([one], [other]) => (one < other ? -1 : 1)));

describe.each(databases.ids)('the scaffolder of a portal on %s', databaseId => {
  it('has told all that became of each task, once and in order, although the portal is killed twice in the middle of a step', async () => {
    const workingDirectory = mkdtempSync(join(tmpdir(), 'callboard-fault-'));
    disposables.unshift({
      dispose: async () => rmSync(workingDirectory, { recursive: true }),
    });
    const { portal, open } = await openPortal(databaseId, {
      backend: { workingDirectory },
      scaffolder: {
        taskRecovery: { enabled: true, staleTimeout: { seconds: 5 } },
      },
    });
    disposables.unshift(portal);
    const start = () => portal.start({ program: 'scaffolderPortal' });
    await start();
    const scaffolder = keep(open('scaffolder'));
    const log = keep(open('events'));
    const client = new TaskClient(portal);
    const killedAt: number[] = [];
    const leftRows: unknown[] = [];
    const kill = async () => {
      await portal.kill();
      killedAt.push(portal.readLines().length);
      leftRows.push(...(await scaffolder('callboard_scaffolder_outbox')));
    };
    const untilWaiting = (taskId: string, times: number) =>
      until(
        `task ${taskId} waits for the ${times}. time`,
        async () => (await countBegun(scaffolder, taskId, 'wait')) === times,
      );

    const shortTasks = makeShortTasks(client);
    const longTask = await client.create({ seconds: stepSeconds });
    const longFailingTask = await client.create({
      seconds: stepSeconds,
      fails: true,
    });
    await untilWaiting(longTask, 1);
    await untilWaiting(longFailingTask, 1);
    await pause(Math.random() * 500);
    await kill();

    await start();
    // Recovered: the scaffolder looks for tasks without a worker every ten seconds.
    await untilWaiting(longTask, 2);
    await untilWaiting(longFailingTask, 2);
    const cancelledTask = await client.create({ seconds: 300 });
    await untilWaiting(cancelledTask, 1);
    // Its worker asks once a second, and is killed before it hears of it.
    await client.cancel(cancelledTask);
    await kill();

    await start();
    await shortTasks.stop();
    let histories = await readHistories(scaffolder);
    await until('all tasks are over', async () => {
      histories = await readHistories(scaffolder);
      const statuses: string[] = await scaffolder('tasks').pluck('status');
      if (statuses.includes('open')) {
        // The stock worker misses a task that is made while it finds none, until the next one is made.
        await client.create({ seconds: 0.1 });
        await pause(500);
        return false;
      }
      return [...histories.values()].every(({ isOver }) => isOver);
    });
    const readLogged = (): Promise<string[]> =>
      log('callboard_events')
        .where({ topic: 'scaffolder' })
        .orderBy('position')
        .pluck('id');
    let lines = portal.readLines();
    await until('all that was written down was handled', async () => {
      const waiting = await scaffolder('callboard_scaffolder_outbox').first();
      const logged = await readLogged();
      lines = portal.readLines();
      const handled = new Set(readTold(lines).ids);
      return waiting === undefined && logged.every(id => handled.has(id));
    });

    const told = readTold(lines);
    expect(sorted(told.actions)).toEqual(sorted(actionsOf(histories)));
    expect(told.problems).toEqual([]);
    // In the log nothing is twice, and to a subscriber an event only comes again in another life of the portal.
    expect([...told.ids].sort()).toEqual((await readLogged()).sort());
    const lives = [0, ...killedAt].map((from, life) =>
      lines.slice(from, killedAt[life]),
    );
    expect(lives.map(life => readTold(life).repeated)).toEqual([0, 0, 0]);

    // It was what it was meant to be.
    const again = ['created', 'processing'];
    expect(told.actions.get(longTask)).toEqual([
      ...again,
      ...again,
      ...again,
      'completed',
    ]);
    expect(told.actions.get(longFailingTask)).toEqual([
      ...again,
      ...again,
      ...again,
      'failed',
    ]);
    expect(told.actions.get(cancelledTask)?.at(-1)).toBe('cancelled');

    // By a validator that is not ours, over the document that the portal serves.
    const document = await client.ask('GET', 'events/asyncapi.json');
    const ajv = addFormats(new Ajv({ strict: false }));
    ajv.addSchema(document, 'contract');
    const validate = ajv.compile({
      $ref: 'contract#/components/schemas/ScaffolderTaskEvent',
    });
    expect(lines.filter(line => !validate(JSON.parse(line)))).toEqual([]);

    // Rows of all tasks, which no portal relays.
    await portal.kill();
    await scaffolder('tasks').update({ status: 'open' });
    const rows = await scaffolder('callboard_scaffolder_outbox');
    expect(rows).toHaveLength(histories.size);
    expect(JSON.stringify([...leftRows, ...rows])).not.toContain(userInput);
    expect(lines.join('\n')).not.toContain(userInput);
    const specs: string[] = await scaffolder('tasks').pluck('spec');
    expect(specs.filter(spec => !spec.includes(userInput))).toEqual([]);

    const all = [...histories.values()];
    const recovered = all.filter(({ recoveries }) => recoveries > 0);
    process.stdout.write(
      `${databaseId}: ${killedAt.length} kills, ${all.length} tasks, ${recovered.length} of them recovered; ${told.ids.length} events valid, ${told.repeated} of them again, ${leftRows.length} left in the outbox by a kill\n`,
    );
  }, 300_000);
});
