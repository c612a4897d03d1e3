import { AsyncLocalStorage } from 'node:async_hooks';
import { stringifyEntityRef, type Entity } from '@backstage/catalog-model';
import { isError } from '@backstage/errors';
import type {
  PreparerBase,
  PublisherBase,
} from '@backstage/plugin-techdocs-node';
import { Build, type BuildStep } from './Build';

/** The parts of TechDocs that are followed. */
export interface FollowedParts {
  preparers: boolean;
  generator: boolean;
  publisher: boolean;
}

/**
 * Follows the builds of TechDocs through its preparers, its generator and its publisher.
 *
 * @remarks
 * TechDocs builds in one asynchronous function (`DocsBuilder.build`), which calls, each if the one before went well:
 *
 * 1. `publisher.hasDocsBeenGenerated(entity)`
 * 2. `preparer.prepare(entity)`; a `NotModifiedError` says that there is nothing to build
 * 3. `generator.run({ inputDir, outputDir })`
 * 4. `publisher.publish({ entity, directory })`
 * 5. in a `finally`, once something was prepared: `preparer.shouldCleanPreparedDirectory()`
 *
 * The generator is told directories only. Those of the source are shared by builds that run at the same time: two of one
 * entity, or of two entities beside each other on disk. What is a build's own is its asynchronous context, so the build
 * is kept there. The context is entered before the first `await` of a method that the builder calls, and so holds for
 * the rest of the builder's function too, and for no other build.
 *
 * Step 5 ends a build that failed in between, where nobody else could see it.
 *
 * Methods are replaced on the instance itself. All its others stay as they are, those of later versions included, and
 * private fields too, which a wrapper would not reach.
 */
export class BuildFollower {
  readonly #parts: FollowedParts;
  readonly #tell: (step: BuildStep) => void;
  readonly #current = new AsyncLocalStorage<Build>();

  /** @param options.tell - is called at each step of a build; must not throw */
  constructor(options: {
    parts: FollowedParts;
    tell: (step: BuildStep) => void;
  }) {
    this.#parts = options.parts;
    this.#tell = options.tell;
  }

  /** Follows what is prepared. */
  followPreparer(preparer: PreparerBase): void {
    const prepare = preparer.prepare.bind(preparer);
    const shouldClean = preparer.shouldCleanPreparedDirectory.bind(preparer);
    Object.assign(preparer, {
      prepare: async (...[entity, options]: Parameters<typeof prepare>) => {
        const build = this.#begin(entity);
        try {
          const prepared = await prepare(entity, options);
          build.start();
          return prepared;
        } catch (error) {
          if (isError(error) && error.name === 'NotModifiedError') {
            build.dismiss();
          } else {
            build.fail();
          }
          throw error;
        }
      },
      shouldCleanPreparedDirectory: () => {
        const build = this.#current.getStore();
        if (build && !this.#mayHaveSucceeded(build)) {
          build.fail();
        }
        return shouldClean();
      },
    });
  }

  /** Follows what is generated. */
  followGenerator<TOptions>(generator: {
    run(options: TOptions): Promise<void>;
  }): void {
    const run = generator.run.bind(generator);
    Object.assign(generator, {
      run: async (options: TOptions) => {
        const build = this.#current.getStore();
        build?.start();
        try {
          await run(options);
        } catch (error) {
          build?.fail();
          throw error;
        }
        build?.markGenerated();
      },
    });
  }

  /** Follows what is published. */
  followPublisher(publisher: PublisherBase): void {
    const publish = publisher.publish.bind(publisher);
    const hasDocs = publisher.hasDocsBeenGenerated.bind(publisher);
    Object.assign(publisher, {
      publish: async (request: Parameters<typeof publish>[0]) => {
        const build = this.#continue(request.entity);
        build.start();
        try {
          const response = await publish(request);
          build.complete();
          return response;
        } catch (error) {
          build.fail();
          throw error;
        }
      },
      hasDocsBeenGenerated: async (entity: Entity) => {
        // The first that is heard of a build when the preparers are not followed. TechDocs asks it after a build too:
        // that begins one of which nothing more is heard.
        if (!this.#parts.preparers) {
          this.#begin(entity);
        }
        return hasDocs(entity);
      },
    });
  }

  /** Begins a build. To be called synchronously by a method that the builder calls. */
  #begin(entity: Entity): Build {
    const build = new Build(stringifyEntityRef(entity), this.#tell);
    this.#current.enterWith(build);
    return build;
  }

  #continue(entity: Entity): Build {
    const build = this.#current.getStore();
    return build &&
      !build.hasEnded &&
      build.entityRef === stringifyEntityRef(entity)
      ? build
      : this.#begin(entity);
  }

  /** Whether a build whose end was not seen may have had a good one. */
  #mayHaveSucceeded(build: Build): boolean {
    if (this.#parts.publisher) {
      return false;
    }
    return !this.#parts.generator || build.hasGenerated;
  }
}
