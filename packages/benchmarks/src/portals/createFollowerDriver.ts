import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import { providerName } from './followerTasks';
import type { HeldTasks } from './HeldTasks';
import type { Staff } from './orders';
import type { SimulatedClock } from './SimulatedClock';

/** Drives a portal whose catalog follows GitHub, and looks at what becomes of it. */
export const createFollowerDriver = (
  staff: Partial<Staff>,
  parts: { clock: SimulatedClock; tasks: HeldTasks },
) =>
  createBackendModule({
    pluginId: 'catalog',
    moduleId: 'bench',
    register(env) {
      env.registerInit({
        deps: { database: coreServices.database },
        async init({ database }) {
          const { clock, tasks } = parts;
          Object.assign(staff, {
            moveClock({ aheadMs }) {
              clock.move(aheadMs);
              return null;
            },
            async runTask({ id }) {
              await tasks.run(id);
              return null;
            },
            async readTargets() {
              const knex = await database.getClient();
              const rows: { unprocessed_entity: string }[] = await knex(
                'refresh_state_references as told',
              )
                .join(
                  'refresh_state as held',
                  'held.entity_ref',
                  'told.target_entity_ref',
                )
                .where('told.source_key', providerName)
                .select('held.unprocessed_entity');
              return rows.map(row =>
                String(JSON.parse(row.unprocessed_entity).spec.target),
              );
            },
            async hintCounts() {
              const knex = await database.getClient();
              // A check is no hint of anybody, and waits for hours.
              const [{ read, waiting }] = await knex('callboard_github_hints')
                .whereNot({ cause: 'check' })
                .count({ read: '*', waiting: 'due_at_ms' });
              return { read: Number(read), waiting: Number(waiting) };
            },
          } satisfies Partial<Staff>);
        },
      });
    },
  });
