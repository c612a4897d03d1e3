import type { Entity } from '@backstage/catalog-model';
import { NotFoundError, NotModifiedError } from '@backstage/errors';
import type {
  PreparerBase,
  PublisherBase,
} from '@backstage/plugin-techdocs-node';
import type { BuildStep } from './Build';
import { BuildFollower, type FollowedParts } from './BuildFollower';

const makeEntity = (name: string): Entity => ({
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: { name, namespace: 'Default' },
});

const all: FollowedParts = {
  preparers: true,
  generator: true,
  publisher: true,
};

/** What a step of a build does; each may be made to fail, or to wait. */
interface Script {
  prepare?: () => Promise<void>;
  between?: () => Promise<void>;
  run?: () => Promise<void>;
  publish?: () => Promise<void>;
}

const fail = async () => {
  throw new Error('as the test asks');
};

/** TechDocs with parts that do as a script says, called in the order of its builder. */
class Portal {
  readonly told: BuildStep[] = [];
  readonly preparer: PreparerBase;
  readonly generator: { run(options: { script: Script }): Promise<void> };
  readonly publisher: PublisherBase;
  readonly #scripts = new Map<Entity, Script>();

  constructor(parts: FollowedParts = all) {
    this.preparer = {
      prepare: async entity => {
        await this.#scripts.get(entity)?.prepare?.();
        return { preparedDir: '/shared', etag: '' };
      },
      shouldCleanPreparedDirectory: () => true,
    };
    this.generator = {
      run: async ({ script }) => script.run?.(),
    };
    this.publisher = {
      getReadiness: async () => ({ isAvailable: true }),
      hasDocsBeenGenerated: async () => true,
      fetchTechDocsMetadata: async () => {
        throw new NotFoundError('no metadata');
      },
      docsRouter: () => () => {},
      publish: async ({ entity }) => {
        await this.#scripts.get(entity)?.publish?.();
        return { objects: ['index.html'] };
      },
    };
    const follower = new BuildFollower({
      parts,
      tell: step => this.told.push(step),
    });
    if (parts.preparers) {
      follower.followPreparer(this.preparer);
    }
    if (parts.generator) {
      follower.followGenerator(this.generator);
    }
    if (parts.publisher) {
      follower.followPublisher(this.publisher);
    }
  }

  /** The order of `DocsBuilder.build` in @backstage/plugin-techdocs-backend 2.3. */
  async build(entity: Entity, script: Script = {}): Promise<void> {
    this.#scripts.set(entity, script);
    await this.publisher.hasDocsBeenGenerated(entity);
    let preparedDir: string | undefined;
    try {
      ({ preparedDir } = await this.preparer.prepare(entity));
      await script.between?.();
      await this.generator.run({ script });
      await this.publisher.publish({ entity, directory: '/out' });
    } finally {
      if (preparedDir) {
        this.preparer.shouldCleanPreparedDirectory();
      }
    }
    await this.publisher.hasDocsBeenGenerated(entity);
  }

  /** What was told, in short. */
  get actions(): string {
    return this.told
      .map(({ action }) => action.slice('build_'.length))
      .join(' ');
  }

  /** What was told of each build. */
  get builds(): string[] {
    const builds = new Map<string, string[]>();
    for (const step of this.told) {
      const { action, entityRef, startedAt, correlationId } = step;
      const build = `${correlationId} ${entityRef} ${startedAt.toISOString()}`;
      builds.set(build, [...(builds.get(build) ?? []), action]);
    }
    return [...builds].map(
      ([build, actions]) => `${build.split(' ')[1]}: ${actions.join(' ')}`,
    );
  }
}

/** A point that several builds wait at for each other. */
function createBarrier(count: number): () => Promise<void> {
  let open = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  let missing = count;
  return async () => {
    missing -= 1;
    if (missing === 0) {
      open();
    }
    await opened;
  };
}

const on = (...names: (keyof FollowedParts)[]): FollowedParts => ({
  preparers: names.includes('preparers'),
  generator: names.includes('generator'),
  publisher: names.includes('publisher'),
});

describe('a build that is followed', () => {
  it('is told from its start to its end', async () => {
    const portal = new Portal();
    await portal.build(makeEntity('A'));
    expect(portal.actions).toBe('started completed');
    expect(portal.builds).toEqual([
      'component:default/a: build_started build_completed',
    ]);
  });

  it('is told when something is prepared, and not before', async () => {
    const portal = new Portal();
    const seen: string[] = [];
    const look = async () => {
      seen.push(portal.actions);
    };
    await portal.build(makeEntity('a'), {
      prepare: look,
      run: look,
      publish: look,
    });
    expect(seen).toEqual(['', 'started', 'started']);
  });

  it('is none when nothing has changed', async () => {
    const portal = new Portal();
    const entity = makeEntity('a');
    const building = portal.build(entity, {
      prepare: async () => {
        throw new NotModifiedError();
      },
    });
    await expect(building).rejects.toThrow(NotModifiedError);
    expect(portal.told).toEqual([]);

    await portal.build(entity);
    expect(portal.actions).toBe('started completed');
  });

  it.each<[string, Script]>([
    ['cannot be prepared', { prepare: fail }],
    ['dies between two steps', { between: fail }],
    ['cannot be generated', { run: fail }],
    ['cannot be published', { publish: fail }],
  ])('has failed when it %s', async (_, script) => {
    const portal = new Portal();
    await expect(portal.build(makeEntity('a'), script)).rejects.toThrow(
      'as the test asks',
    );
    expect(portal.builds).toEqual([
      'component:default/a: build_started build_failed',
    ]);
  });

  it('is kept apart from others that run at the same time from the same directory', async () => {
    const portal = new Portal();
    const entities = ['a', 'b', 'a', 'c', 'd'].map(makeEntity);
    const [prepare, run, publish] = [1, 2, 3].map(() => createBarrier(5));
    const results = await Promise.allSettled(
      entities.map((entity, index) =>
        portal.build(entity, {
          prepare,
          run: async () => {
            await run();
            if (index === 1) {
              await publish();
              throw new Error('b fails');
            }
          },
          publish: async () => {
            await publish();
            if (index === 2) {
              throw new Error('the second of a fails');
            }
          },
        }),
      ),
    );
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(portal.told).toHaveLength(10);
    expect(portal.builds).toEqual([
      'component:default/a: build_started build_completed',
      'component:default/b: build_started build_failed',
      'component:default/a: build_started build_failed',
      'component:default/c: build_started build_completed',
      'component:default/d: build_started build_completed',
    ]);
  });
});

describe('what is told with some parts followed', () => {
  const scripts: Script[] = [
    {},
    { prepare: fail },
    { between: fail },
    { run: fail },
    { publish: fail },
  ];

  // The same as the table in the README: a good build, and one that fails in preparing, between, generating, publishing.
  it.each<[string, FollowedParts, string[]]>([
    [
      'preparers and publisher',
      on('preparers', 'publisher'),
      [
        'started completed',
        'started failed',
        'started failed',
        'started failed',
        'started failed',
      ],
    ],
    [
      'generator and publisher',
      on('generator', 'publisher'),
      ['started completed', '', '', 'started failed', 'started failed'],
    ],
    [
      'preparers and generator',
      on('preparers', 'generator'),
      [
        'started',
        'started failed',
        'started failed',
        'started failed',
        'started',
      ],
    ],
    [
      'preparers',
      on('preparers'),
      ['started', 'started failed', 'started', 'started', 'started'],
    ],
    [
      'publisher',
      on('publisher'),
      ['started completed', '', '', '', 'started failed'],
    ],
    ['generator', on('generator'), ['', '', '', '', '']],
  ])('%s', async (_, parts, expected) => {
    const told: string[] = [];
    for (const script of scripts) {
      const portal = new Portal(parts);
      await Promise.allSettled([portal.build(makeEntity('a'), script)]);
      told.push(portal.actions);
    }
    expect(told).toEqual(expected);
  });

  it('has one start for all of a build, though the preparers are not followed', async () => {
    const portal = new Portal(on('generator', 'publisher'));
    await Promise.all(
      ['a', 'b', 'a'].map(name => portal.build(makeEntity(name))),
    );
    expect(portal.builds.sort()).toEqual([
      'component:default/a: build_started build_completed',
      'component:default/a: build_started build_completed',
      'component:default/b: build_started build_completed',
    ]);
  });
});

describe('a part that is followed', () => {
  it('answers as it did, with all its methods', async () => {
    const portal = new Portal();
    const entity = makeEntity('a');
    await expect(portal.preparer.prepare(entity)).resolves.toEqual({
      preparedDir: '/shared',
      etag: '',
    });
    expect(portal.preparer.shouldCleanPreparedDirectory()).toBe(true);
    await expect(
      portal.publisher.publish({ entity, directory: '/out' }),
    ).resolves.toEqual({ objects: ['index.html'] });
    await expect(portal.publisher.getReadiness()).resolves.toEqual({
      isAvailable: true,
    });
    await expect(portal.publisher.hasDocsBeenGenerated(entity)).resolves.toBe(
      true,
    );
    expect(portal.publisher.migrateDocsCase).toBeUndefined();
  });

  it('keeps its private fields', async () => {
    class Generator {
      #runs = 0;
      async run(_: object) {
        this.#runs += 1;
      }
      count() {
        return this.#runs;
      }
    }
    const generator = new Generator();
    new BuildFollower({ parts: all, tell: () => {} }).followGenerator(
      generator,
    );
    await generator.run({});
    expect(generator.count()).toBe(1);
  });
});
