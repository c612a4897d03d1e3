import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  coreServices,
  createBackendModule,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { isError } from '@backstage/errors';
import { eventsServiceRef } from '@backstage/plugin-events-node';
import type { HandlerDescription, Staff } from './orders';
import { publishGroups } from './publishGroups';
import { publishLoad } from './publishLoad';
import { StatementTimer } from './StatementTimer';
import { Tallies } from './Tallies';

const slowMs = 10_000;

/** The plugin whose publishers and handlers are measured. */
export const createBenchPlugin = (staff: Partial<Staff>) =>
  createBackendPlugin({
    pluginId: 'bench',
    register(env) {
      env.registerInit({
        deps: { events: eventsServiceRef },
        async init({ events }) {
          const tallies = new Tallies();
          Object.assign(staff, {
            async subscribe({ id, topics, behaviour }) {
              const behave = behaviours[behaviour];
              await events.subscribe({
                id,
                topics,
                async onEvent(params) {
                  tallies.count(id, params);
                  await behave();
                },
              });
              return null;
            },
            publish: load => publishLoad(events, load),
            async publishGroups(load) {
              await publishGroups(events, load);
              return null;
            },
            tally: ({ handler, run }) => tallies.read(handler, run),
            latency: ({ handler, run }) => tallies.readLatency(handler, run),
          } satisfies Partial<Staff>);
        },
      });
    },
  });

const behaviours: Record<
  HandlerDescription['behaviour'],
  () => Promise<void> | void
> = {
  counts: () => {},
  'takes 10 s': () => delay(slowMs),
  throws: () => {
    throw new Error('This handler always throws');
  },
};

/** Looks at Callboard's plugin from within, by services that any module of it may use. */
export const createWatchingModule = (staff: Partial<Staff>) =>
  createBackendModule({
    pluginId: 'events',
    moduleId: 'bench',
    register(env) {
      env.registerInit({
        deps: {
          database: coreServices.database,
          scheduler: coreServices.scheduler,
        },
        async init({ database, scheduler }) {
          let timer: StatementTimer | undefined;
          Object.assign(staff, {
            async timeStatements() {
              timer = new StatementTimer(await database.getClient());
              return null;
            },
            statementTimes() {
              if (!timer) {
                throw new Error('Statements are not timed');
              }
              return timer.read();
            },
            async trim() {
              try {
                await scheduler.triggerTask('callboard-trim-log');
              } catch (error) {
                // It is at it already.
                if (!isError(error) || error.name !== 'ConflictError') {
                  throw error;
                }
              }
              return null;
            },
          } satisfies Partial<Staff>);
        },
      });
    },
  });

/** What any process can tell of itself. */
export function watchProcess(): Partial<Staff> {
  const session = new Session();
  return {
    usage() {
      const { user, system } = process.cpuUsage();
      return {
        cpuMs: (user + system) / 1e3,
        rssBytes: process.memoryUsage.rss(),
      };
    },
    async startProfile() {
      session.connect();
      await session.post('Profiler.enable');
      await session.post('Profiler.start');
      return null;
    },
    async stopProfile({ file }) {
      const { profile } = await session.post('Profiler.stop');
      session.disconnect();
      await writeFile(file, JSON.stringify(profile));
      return null;
    },
  };
}
