import type {
  BackstageCredentials,
  LoggerService,
} from '@backstage/backend-plugin-api';
import type { CatalogService } from '@backstage/plugin-catalog-node';
import { FailureLog } from '@callboard/backstage-plugin-events-node/bus';
import type { EntityFacts } from '../filtering';
import { CatalogAwayError } from './CatalogAwayError';
import { limitTime } from './limitTime';
import { readEntityFacts } from './readEntityFacts';

/**
 * Looks entities up by their references.
 *
 * @param refs - whole, in small letters
 * @returns what is known of each; undefined for one that the catalog does not know
 * @throws CatalogAwayError when the catalog could not be asked about one of them
 */
export type EntityLookup = (
  refs: readonly string[],
) => Promise<Map<string, EntityFacts | undefined>>;

/** How a lookup asks the catalog. */
export interface EntityLookupOptions {
  catalog: Pick<CatalogService, 'getEntitiesByRefs'>;
  credentials: () => Promise<BackstageCredentials>;
  logger: LoggerService;
  /** For how long an answer is believed, in milliseconds. Default: 10 seconds */
  maxAgeMs?: number;
  /** Answers that are kept. Default: 10,000 */
  maxEntries?: number;
  /** For one request, in milliseconds. Default: 10 seconds */
  timeLimitMs?: number;
  /** In milliseconds; never goes back. */
  clock?: () => number;
}

/**
 * An entity that is unknown may be registered any moment, and its events are passed over until that is noticed, so this
 * is believed for a second at the most.
 */
const maxUnknownAgeMs = 1_000;

/**
 * References have 255 characters at the most, of three bytes, so a request stays below 100 kB, which is what the catalog
 * accepts.
 */
const maxRefsPerRequest = 100;

/** What facts are made from. An entity may be large: a definition of an API is part of one. */
const fields = [
  'kind',
  'metadata.name',
  'metadata.namespace',
  'metadata.tags',
  'metadata.labels',
  'metadata.annotations',
  'spec.owner',
  'spec.system',
  'spec.type',
  'spec.lifecycle',
  'relations',
];

interface Answer {
  facts: Promise<EntityFacts | undefined>;
  /** Infinite while the request is under way. */
  staleAtMs: number;
}

/**
 * Makes a lookup that asks for many entities at once, asks for none twice at a time, and believes an answer for a short
 * time, counted from when the catalog was asked.
 */
export function createEntityLookup(options: EntityLookupOptions): EntityLookup {
  const {
    catalog,
    maxAgeMs = 10_000,
    maxEntries = 10_000,
    timeLimitMs = 10_000,
    clock = () => performance.now(),
  } = options;
  // The oldest first.
  const answers = new Map<string, Answer>();
  const failures = new FailureLog({
    logger: options.logger,
    failed: 'Asking the catalog about entities failed, trying again',
    worked: 'The catalog answers again',
  });

  const request = async (entityRefs: string[]) => {
    try {
      const { items } = await limitTime(timeLimitMs, async () =>
        catalog.getEntitiesByRefs(
          { entityRefs, fields },
          { credentials: await options.credentials() },
        ),
      );
      failures.onWorked();
      return new Map(
        entityRefs.map((ref, index) => [ref, readEntityFacts(items[index])]),
      );
    } catch (cause) {
      const error = new CatalogAwayError(cause);
      failures.onFailed(error);
      throw error;
    }
  };

  const keep = (ref: string, answer: Answer) => {
    answers.delete(ref);
    answers.set(ref, answer);
    for (const oldest of answers.keys()) {
      if (answers.size <= maxEntries) {
        break;
      }
      answers.delete(oldest);
    }
  };

  const ask = (refs: string[]): Map<string, Answer> => {
    const askedAtMs = clock();
    const found = request(refs);
    return new Map(
      refs.map(ref => {
        const answer: Answer = {
          facts: found.then(entities => entities.get(ref)),
          staleAtMs: Infinity,
        };
        answer.facts.then(
          facts => {
            answer.staleAtMs =
              askedAtMs +
              (facts ? maxAgeMs : Math.min(maxAgeMs, maxUnknownAgeMs));
          },
          () => {
            answer.staleAtMs = -Infinity;
          },
        );
        keep(ref, answer);
        return [ref, answer];
      }),
    );
  };

  return async refs => {
    const wanted = new Map<string, Answer>();
    const missing: string[] = [];
    for (const ref of new Set(refs)) {
      const answer = answers.get(ref);
      if (answer && clock() < answer.staleAtMs) {
        wanted.set(ref, answer);
      } else {
        missing.push(ref);
      }
    }
    for (let index = 0; index < missing.length; index += maxRefsPerRequest) {
      const asked = ask(missing.slice(index, index + maxRefsPerRequest));
      asked.forEach((answer, ref) => wanted.set(ref, answer));
    }
    return new Map(
      await Promise.all(
        [...wanted].map(
          async ([ref, { facts }]): Promise<
            [string, EntityFacts | undefined]
          > => [ref, await facts],
        ),
      ),
    );
  };
}
