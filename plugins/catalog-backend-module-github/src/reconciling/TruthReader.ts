import type { LoggerService } from '@backstage/backend-plugin-api';
import { toError } from '@backstage/errors';
import {
  askForRepositories,
  type Finding,
  type FollowedOwners,
  type PageSize,
} from '../asking';
import {
  postponeHints,
  type GithubStore,
  type PendingHint,
  type Postponement,
  type RepositoryState,
} from '../repositories';
import type { ProviderSettings } from '../settings';
import { judgeAnswers } from './judgeAnswers';
import type { Subject } from './Subject';

/** A repository that hints are about, and how it was known before. */
export interface HintedRepository {
  nodeId: string;
  hints: readonly PendingHint[];
  known: RepositoryState | undefined;
}

/** Finds out from GitHub what repositories look like that hints are about. */
export class TruthReader {
  readonly #store: GithubStore;
  readonly #settings: ProviderSettings;
  readonly #owners: FollowedOwners;
  readonly #pageSize: PageSize;
  readonly #logger: LoggerService;

  constructor(options: {
    store: GithubStore;
    settings: ProviderSettings;
    owners: FollowedOwners;
    pageSize: PageSize;
    logger: LoggerService;
  }) {
    this.#store = options.store;
    this.#settings = options.settings;
    this.#owners = options.owners;
    this.#pageSize = options.pageSize;
    this.#logger = options.logger;
  }

  /**
   * Asks GitHub about repositories. The hints of those wait of which it could not tell, or whose answer is doubted.
   *
   * @returns the others
   */
  async read(
    repositories: readonly HintedRepository[],
    signal: AbortSignal,
  ): Promise<Subject[]> {
    const findings = await this.#find(repositories, signal);
    const followed = await this.#findFollowed(findings, signal);
    return this.#believe(repositories, findings, followed);
  }

  /** Asks with what each owner has granted who may have a repository. */
  async #find(
    repositories: readonly HintedRepository[],
    signal: AbortSignal,
  ): Promise<Map<string, Finding[]>> {
    const findings = new Map<string, Finding[]>(
      repositories.map(({ nodeId }) => [nodeId, []]),
    );
    const idsByOwner = new Map<string, string[]>();
    for (const repository of repositories) {
      for (const owner of this.#listSuspects(repository)) {
        const ids = idsByOwner.get(owner) ?? [];
        ids.push(repository.nodeId);
        idsByOwner.set(owner, ids);
      }
    }
    await Promise.all(
      [...idsByOwner].map(async ([owner, ids]) => {
        const answers = await this.#ask(owner, ids, signal);
        answers.forEach((answer, index) =>
          findings.get(ids[index])?.push(answer),
        );
      }),
    );
    return findings;
  }

  /** In lower case, who may have a repository. */
  #listSuspects({ known, hints }: HintedRepository): Set<string> {
    const { source } = this.#settings;
    const logins =
      source.kind === 'owner'
        ? // What is not there for the one who is followed is nothing to the provider.
          [source.login]
        : [...(known ? [known.owner] : []), ...hints.map(({ owner }) => owner)];
    return new Set(logins.map(login => login.toLowerCase()));
  }

  /** @returns nothing for an owner who is not followed */
  async #ask(
    owner: string,
    nodeIds: readonly string[],
    signal: AbortSignal,
  ): Promise<Finding[]> {
    const findings: Finding[] = [];
    let failures = 0;
    while (findings.length < nodeIds.length) {
      const left = nodeIds.slice(findings.length);
      const size = this.#pageSize.current;
      try {
        if (!(await this.#owners.isFollowed(owner, signal))) {
          return [];
        }
        findings.push(
          ...(await this.#pageSize.use(left.length, count =>
            askForRepositories(
              this.#owners.askFor(owner),
              left.slice(0, count),
              this.#settings,
              signal,
            ),
          )),
        );
      } catch (error) {
        signal.throwIfAborted();
        // One repository that GitHub cannot tell of is passed by, so that the others do not wait for it.
        const isOne = size === 1 && failures === 0;
        failures += 1;
        findings.push(
          ...left
            .slice(0, isOne ? 1 : undefined)
            .map((): Finding => ({ kind: 'unknown', error: toError(error) })),
        );
      }
    }
    return findings;
  }

  /**
   * Those of the owners of what was found who are followed. What belongs to somebody of whom GitHub cannot tell that now
   * was not found.
   */
  async #findFollowed(
    findings: ReadonlyMap<string, Finding[]>,
    signal: AbortSignal,
  ): Promise<Set<string>> {
    const followed = new Map<string, boolean | Error>();
    for (const answers of findings.values()) {
      for (const [index, answer] of answers.entries()) {
        if (answer.kind === 'found') {
          const { owner } = answer.state;
          const isFollowed =
            followed.get(owner) ?? (await this.#isFollowed(owner, signal));
          followed.set(owner, isFollowed);
          if (isFollowed instanceof Error) {
            answers[index] = { kind: 'unknown', error: isFollowed };
          }
        }
      }
    }
    return new Set(
      [...followed].flatMap(([owner, is]) => (is === true ? owner : [])),
    );
  }

  /** @returns why GitHub cannot tell, if it cannot */
  async #isFollowed(
    owner: string,
    signal: AbortSignal,
  ): Promise<boolean | Error> {
    try {
      return await this.#owners.isFollowed(owner, signal);
    } catch (error) {
      signal.throwIfAborted();
      return toError(error);
    }
  }

  /** Lets the hints wait of what GitHub could not tell, and gives back the rest. */
  async #believe(
    repositories: readonly HintedRepository[],
    findings: ReadonlyMap<string, readonly Finding[]>,
    followed: ReadonlySet<string>,
  ): Promise<Subject[]> {
    const nowMs = Date.now();
    const subjects: Subject[] = [];
    const postponed = new Map<string, Postponement & { nodeIds: string[] }>();
    for (const { nodeId, hints, known } of repositories) {
      const belief = judgeAnswers(
        findings.get(nodeId) ?? [],
        hints,
        known,
        nowMs,
      );
      if (belief.kind === 'believe') {
        const { state } = belief;
        const isFollowed = state !== undefined && followed.has(state.owner);
        subjects.push({ nodeId, hints, state, isFollowed });
      } else {
        const { isDoubt, reason, pauseMs } = belief;
        const key = `${pauseMs} ${reason}`;
        const group = postponed.get(key) ?? {
          ...{ isDoubt, reason, dueAtMs: nowMs + pauseMs },
          nodeIds: [],
        };
        group.nodeIds.push(nodeId);
        postponed.set(key, group);
      }
    }
    for (const { nodeIds, ...postponement } of postponed.values()) {
      await this.#postpone(nodeIds, postponement);
    }
    return subjects;
  }

  async #postpone(
    nodeIds: readonly string[],
    postponement: Postponement,
  ): Promise<void> {
    const { isDoubt, reason, dueAtMs } = postponement;
    await postponeHints(
      this.#store,
      this.#settings.name,
      nodeIds,
      postponement,
    );
    this.#logger[isDoubt ? 'debug' : 'warn'](
      `Hints of ${
        nodeIds.length
      } repositories are kept, since GitHub did not tell what became of them: ${reason}. It is asked again at ${new Date(
        dueAtMs,
      ).toISOString()}.`,
    );
  }
}
