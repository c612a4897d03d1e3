import { createBackendModule } from '@backstage/backend-plugin-api';
import {
  ANNOTATION_LOCATION,
  ANNOTATION_ORIGIN_LOCATION,
  type Entity,
} from '@backstage/catalog-model';
import {
  catalogProcessingExtensionPoint,
  type DeferredEntity,
  type EntityProvider,
  type EntityProviderConnection,
} from '@backstage/plugin-catalog-node';

/** A provider that a test tells what to provide. */
export class TestProvider implements EntityProvider {
  readonly connected: Promise<EntityProviderConnection>;
  readonly #name: string;
  #resolve: (connection: EntityProviderConnection) => void = () => {};

  constructor(name = 'test') {
    this.#name = name;
    this.connected = new Promise(resolve => {
      this.#resolve = resolve;
    });
  }

  getProviderName() {
    return this.#name;
  }

  async connect(connection: EntityProviderConnection) {
    this.#resolve(connection);
  }

  async replaceAll(entities: readonly Entity[]) {
    const connection = await this.connected;
    await connection.applyMutation({
      type: 'full',
      entities: entities.map(entity => this.#defer(entity)),
    });
  }

  async change(added: readonly Entity[], removed: readonly Entity[] = []) {
    const connection = await this.connected;
    await connection.applyMutation({
      type: 'delta',
      added: added.map(entity => this.#defer(entity)),
      removed: removed.map(entity => this.#defer(entity)),
    });
  }

  /** Adds the provider to the catalog. */
  readonly feature = createBackendModule({
    pluginId: 'catalog',
    moduleId: 'test-provider',
    register: env =>
      env.registerInit({
        deps: { catalog: catalogProcessingExtensionPoint },
        init: async ({ catalog }) => catalog.addEntityProvider(this),
      }),
  });

  #defer(entity: Entity): DeferredEntity {
    return { entity, locationKey: this.#name };
  }
}

/** An entity as a provider provides it. */
export function makeEntity(
  name: string,
  changes: {
    kind?: string;
    spec?: Entity['spec'];
    metadata?: Partial<Entity['metadata']>;
  } = {},
): Entity {
  const { kind = 'Component', spec, metadata } = changes;
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind,
    metadata: {
      name,
      namespace: 'default',
      ...metadata,
      annotations: {
        [ANNOTATION_LOCATION]: 'url:http://localhost/test',
        [ANNOTATION_ORIGIN_LOCATION]: 'url:http://localhost/test',
        ...metadata?.annotations,
      },
    },
    spec: {
      type: 'service',
      lifecycle: 'production',
      owner: 'team-a',
      ...spec,
    },
  };
}
