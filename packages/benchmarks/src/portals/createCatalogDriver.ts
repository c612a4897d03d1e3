import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import { stringifyEntityRef } from '@backstage/catalog-model';
import {
  catalogProcessingExtensionPoint,
  type DeferredEntity,
  type EntityProviderConnection,
} from '@backstage/plugin-catalog-node';
import { distribute } from '../report/statistics';
import type { EntityPiece, Staff } from './orders';

/** Drives a catalog from within, as a provider does, and looks at what becomes of it. */
export const createCatalogDriver = (staff: Partial<Staff>) =>
  createBackendModule({
    pluginId: 'catalog',
    moduleId: 'bench',
    register(env) {
      env.registerInit({
        deps: {
          catalog: catalogProcessingExtensionPoint,
          database: coreServices.database,
        },
        async init({ catalog, database }) {
          const connected = new Promise<EntityProviderConnection>(resolve =>
            catalog.addEntityProvider({
              getProviderName: () => 'bench',
              connect: async connection => resolve(connection),
            }),
          );
          Object.assign(staff, {
            async provide(piece) {
              const connection = await connected;
              await connection.applyMutation({
                type: 'delta',
                added: makeEntities(piece),
                removed: [],
              });
              return null;
            },
            async catalogState(piece) {
              const knex = await database.getClient();
              // Few of many, so that looking costs next to nothing.
              const [{ served }] = await knex('final_entities')
                .whereIn(
                  'entity_ref',
                  makeEntities(piece).map(({ entity }) =>
                    stringifyEntityRef(entity),
                  ),
                )
                .where(
                  'final_entity',
                  'like',
                  `%"${describe(piece.revision)}"%`,
                )
                .count({ served: '*' });
              const [{ waiting }] = await knex('stitch_queue').count({
                waiting: '*',
              });
              return { served: Number(served), waiting: Number(waiting) };
            },
          } satisfies Partial<Staff>);
        },
      });
    },
  });

/** Measures how long changes took that a handler was given. */
export class ChangeLatencies {
  readonly #ms: number[] = [];

  /** @param timestamp - when the change was written, by the clock of this machine */
  note(timestamp: string): void {
    this.#ms.push(Date.now() - Date.parse(timestamp));
  }

  /** Takes what was noted, and begins anew. */
  take() {
    const ms = this.#ms.splice(0);
    return { ...distribute(ms), count: ms.length };
  }
}

const describe = (revision: number) => `revision ${revision}`;

const makeEntities = ({ first, count, revision }: EntityPiece) =>
  Array.from({ length: count }, (_, index) =>
    makeEntity(first + index, revision),
  );

/** An entity as large as most are, with an owner and a system, neither of which is there. */
function makeEntity(number: number, revision: number): DeferredEntity {
  return {
    locationKey: 'bench',
    entity: {
      apiVersion: 'backstage.io/v1alpha1',
      kind: 'Component',
      metadata: {
        name: `service-${number}`,
        namespace: 'default',
        title: `Service ${number}`,
        description: describe(revision),
        tags: ['java', 'payments', `group-${number % 50}`],
        labels: { 'example.com/tier': String(number % 3) },
        links: [
          { url: `https://example.com/dashboards/${number}`, title: 'Board' },
          { url: `https://example.com/runbooks/${number}`, title: 'Runbook' },
        ],
        annotations: {
          'backstage.io/managed-by-location': 'url:https://example.com/all',
          'backstage.io/managed-by-origin-location':
            'url:https://example.com/all',
          'backstage.io/techdocs-ref': 'dir:.',
          'github.com/project-slug': `example/service-${number}`,
        },
      },
      spec: {
        type: 'service',
        lifecycle: 'production',
        owner: `team-${number % 100}`,
        system: `system-${number % 200}`,
        dependsOn: [`component:default/service-${(number * 7) % 1_000}`],
      },
    },
  };
}
