import type { LoggerService } from '@backstage/backend-plugin-api';
import type { EntityProviderConnection } from '@backstage/plugin-catalog-node';
import type { CatalogScmEventsService } from '@backstage/plugin-catalog-node/alpha';
import type { FollowedOwners, FoundRepository, PageSize } from '../asking';
import type { ProviderTelemetry } from '../ProviderTelemetry';
import {
  findHinted,
  findNextDueMs,
  insertHints,
  readChecks,
  readDueHints,
  readRepositories,
  readScanProgress,
  type GithubStore,
  type NewHint,
  type PendingHint,
} from '../repositories';
import type { ProviderSettings } from '../settings';
import { CatalogTeller } from './CatalogTeller';
import { isOlder } from './isOlder';
import { provePushes } from './provePushes';
import type { Subject } from './Subject';
import type { ToldSubject } from './ToldSubject';
import { TruthReader, type HintedRepository } from './TruthReader';
import { withLease, type Lease } from './withLease';

/** How many repositories are asked for at once: as many as GitHub takes ids. */
const mostRepositories = 100;

/**
 * Until when it is looked at the latest whether a file is empty that a push has changed, in milliseconds. Whenever GitHub is
 * asked about something else before, it is asked about that too, which costs nothing.
 */
const checkWithinMs = 21_600_000;

/** So old a check is before it is asked about with something else, in milliseconds: GitHub's replicas lag. */
const checkAfterMs = 60_000;

/** What became of a turn. */
export type ReconcileTurn =
  | { kind: 'elsewhere' }
  | { kind: 'done'; hasMore: boolean };

/**
 * Reads what repositories look like, and has the catalog told.
 *
 * @remarks
 * Whoever reads and tells for a provider has its lease, so what was read last is told last, whichever process reads.
 */
export class Reconciler {
  readonly #store: GithubStore;
  readonly #settings: ProviderSettings;
  readonly #pageSize: PageSize;
  readonly #telemetry: ProviderTelemetry;
  readonly #logger: LoggerService;
  readonly #reader: TruthReader;
  readonly #teller: CatalogTeller;

  constructor(options: {
    store: GithubStore;
    settings: ProviderSettings;
    owners: FollowedOwners;
    pageSize: PageSize;
    connection: EntityProviderConnection;
    scmEvents: CatalogScmEventsService;
    telemetry: ProviderTelemetry;
    logger: LoggerService;
  }) {
    this.#store = options.store;
    this.#settings = options.settings;
    this.#pageSize = options.pageSize;
    this.#telemetry = options.telemetry;
    this.#logger = options.logger;
    this.#reader = new TruthReader(options);
    this.#teller = new CatalogTeller(options);
  }

  /** Reconciles the repositories whose hints are due, a hundred at most. */
  async reconcileDue(signal: AbortSignal): Promise<ReconcileTurn> {
    return this.#takeTurn(async unproven =>
      this.#reader.read(await this.#fillUp(unproven), signal),
    );
  }

  /** The same for those of them that their pushes tell all about; what needs a question to GitHub goes on waiting. */
  async reconcileProven(): Promise<ReconcileTurn> {
    return this.#takeTurn(async () => []);
  }

  /**
   * Asks for a page of a listing and applies it.
   *
   * @param options.ask - asks while nobody else applies
   * @param options.listing - the full scan that the page is part of
   * @param options.isFirst - whether the owner was never listed before, so that nothing of it is a repair
   * @returns the page, and how many of its repositories were not as they were known; undefined when another process
   * reads or applies now
   */
  async applyListing<
    TPage extends { repositories: FoundRepository[] },
  >(options: {
    ask: () => Promise<TPage>;
    listing?: string;
    isFirst: boolean;
  }): Promise<{ page: TPage; repairs: number } | undefined> {
    const { ask, listing, isFirst } = options;
    const { name } = this.#settings;
    const applied = await withLease(this.#store, name, async lease => {
      const page = await ask();
      const nodeIds = page.repositories.map(({ nodeId }) => nodeId);
      const hinted = await findHinted(this.#store, name, nodeIds);
      const known = await readRepositories(this.#store, name, nodeIds);
      const [current, old] = split(page.repositories, ({ nodeId, state }) => {
        const before = known.get(nodeId);
        return before !== undefined && isOlder(state, before);
      });
      await this.#lookAgain(old);
      const changed = await this.#teller.tell(
        current.map(each => ({ ...each, isFollowed: true, hints: [] })),
        lease,
        listing,
      );
      const repaired = changed.filter(
        ({ nodeId, change }) =>
          !isFirst && !hinted.has(nodeId) && !change.isReread,
      );
      repaired.forEach(repair => this.#noteRepair(repair));
      return { page, repairs: repaired.length };
    });
    return applied?.result;
  }

  /**
   * Gives the catalog all that is known. What others of the same name have left is dropped, and what was removed by hand
   * comes back.
   *
   * @param isWhole - whether that is all there is; otherwise nothing is dropped. Unless given, as it was at the last scan
   * @returns how many locations there are; undefined when another process reads or applies now
   */
  async applyKnown(isWhole?: boolean): Promise<number | undefined> {
    const { name } = this.#settings;
    const applied = await withLease(this.#store, name, async lease => {
      const { wholeMs } = await readScanProgress(this.#store, name);
      return this.#teller.tellKnown(isWhole ?? wholeMs !== undefined, lease);
    });
    return applied?.result;
  }

  /** Whether hints wait to be looked at now. */
  async hasDue(): Promise<boolean> {
    const dueAtMs = await findNextDueMs(this.#store, this.#settings.name);
    return dueAtMs !== undefined && dueAtMs <= Date.now();
  }

  /** A page may come from a replica of GitHub that lags. */
  async #lookAgain(repositories: readonly FoundRepository[]): Promise<void> {
    const nowMs = Date.now();
    await insertHints(
      this.#store,
      this.#settings.name,
      repositories.map(({ nodeId, state: { owner, name } }) => ({
        cause: 'scan',
        hint: { nodeId, owner, fullName: `${owner}/${name}`, saysGone: false },
        dueAtMs: nowMs,
      })),
      nowMs,
    );
  }

  /** @param read - finds out what those look like that no push tells all about; what it leaves out goes on waiting */
  async #takeTurn(
    read: (unproven: readonly HintedRepository[]) => Promise<Subject[]>,
  ): Promise<ReconcileTurn> {
    const { name } = this.#settings;
    if (this.#teller.hasToldLate && (await this.applyKnown()) === undefined) {
      return { kind: 'elsewhere' };
    }
    if (!(await this.hasDue())) {
      return { kind: 'done', hasMore: false };
    }
    const turn = await withLease(this.#store, name, lease =>
      this.#reconcile(lease, read),
    );
    return turn?.result ?? { kind: 'elsewhere' };
  }

  async #reconcile(
    lease: Lease,
    read: (unproven: readonly HintedRepository[]) => Promise<Subject[]>,
  ): Promise<ReconcileTurn> {
    const { name } = this.#settings;
    const repositories = await this.#complete(
      await readDueHints(this.#store, name, Date.now(), mostRepositories),
    );
    const proven: Subject[] = [];
    const checks: NewHint[] = [];
    const unproven: HintedRepository[] = [];
    for (const repository of repositories) {
      const proof = this.#prove(repository);
      if (proof) {
        proven.push(proof.subject);
        checks.push(...proof.checks);
      } else {
        unproven.push(repository);
      }
    }
    await insertHints(this.#store, name, checks, Date.now());
    // Without waiting for what GitHub says of others.
    await this.#tell(proven, lease);
    if (unproven.length > 0) {
      await this.#tell(await read(unproven), lease);
    }
    return { kind: 'done', hasMore: await this.hasDue() };
  }

  async #tell(subjects: readonly Subject[], lease: Lease): Promise<void> {
    const changed = await this.#teller.tell(subjects, lease);
    changed
      .filter(
        ({ hints, change }) =>
          hints.every(({ cause }) => cause === 'scan') && !change.isReread,
      )
      .forEach(repair => this.#noteRepair(repair));
  }

  /** Adds what waits for a check and can be asked for in the same question, which costs the same with a hundred. */
  async #fillUp(
    repositories: readonly HintedRepository[],
  ): Promise<HintedRepository[]> {
    const { validateLocationsExist, name } = this.#settings;
    const size = this.#pageSize.current;
    const room = (size - (repositories.length % size)) % size;
    if (room === 0 || !validateLocationsExist) {
      return [...repositories];
    }
    const others = await this.#complete(
      await readChecks(this.#store, name, Date.now() - checkAfterMs, room),
    );
    const asked = new Set(repositories.map(({ nodeId }) => nodeId));
    const owners = new Set(repositories.flatMap(listOwners));
    return [
      ...repositories,
      ...others.filter(
        repository =>
          !asked.has(repository.nodeId) &&
          listOwners(repository).every(owner => owners.has(owner)) &&
          // What has more than a check may be proven.
          repository.hints.every(({ cause }) => cause === 'check'),
      ),
    ];
  }

  async #complete(
    pending: readonly PendingHint[],
  ): Promise<HintedRepository[]> {
    const hintsOf = groupByRepository(pending);
    const known = await readRepositories(this.#store, this.#settings.name, [
      ...hintsOf.keys(),
    ]);
    return [...hintsOf].map(([nodeId, hints]) => ({
      nodeId,
      hints,
      known: known.get(nodeId),
    }));
  }

  /** What needs no question, since the pushes tell it all but for what is in no hurry. */
  #prove({
    nodeId,
    hints,
    known,
  }: HintedRepository): { subject: Subject; checks: NewHint[] } | undefined {
    const nowMs = Date.now();
    // What waits for a check, or of a scan for an answer of GitHub, goes on waiting.
    const counts = ({ cause, dueAtMs, attempts }: PendingHint) =>
      cause === 'event' ||
      (cause === 'check' ? dueAtMs <= nowMs : attempts === 0);
    const branch = this.#settings.branch ?? known?.defaultBranch;
    const counted = hints.filter(counts);
    const proof =
      counted.length > 0
        ? provePushes(known, branch, counted, this.#settings)
        : undefined;
    if (!proof) {
      return undefined;
    }
    const { state, isChanged, mayBeEmpty } = proof;
    const { owner, name } = state;
    return {
      subject: {
        nodeId,
        hints: counted,
        state,
        isFollowed: true,
        isProvenChange: isChanged,
      },
      checks:
        mayBeEmpty && !hints.some(({ cause }) => cause === 'check')
          ? [
              {
                cause: 'check',
                hint: {
                  nodeId,
                  owner,
                  fullName: `${owner}/${name}`,
                  saysGone: false,
                },
                dueAtMs: nowMs + checkWithinMs,
              },
            ]
          : [],
    };
  }

  #noteRepair({ nodeId, state, change }: ToldSubject): void {
    const name = state ? `${state.owner}/${state.name}` : nodeId;
    this.#telemetry.onRepair(change);
    this.#logger.info(
      `The scan repaired ${name}, of which no webhook told: ${change.outcome}`,
    );
  }
}

/** In lower case, whose a repository was and is. */
function listOwners({ known, hints }: HintedRepository): string[] {
  return [...(known ? [known] : []), ...hints].map(({ owner }) =>
    owner.toLowerCase(),
  );
}

/** Those for which something does not hold, and those for which it does. */
function split<T>(
  items: readonly T[],
  holds: (item: T) => boolean,
): [T[], T[]] {
  return [items.filter(item => !holds(item)), items.filter(holds)];
}

function groupByRepository(
  hints: readonly PendingHint[],
): Map<string, PendingHint[]> {
  const groups = new Map<string, PendingHint[]>();
  for (const hint of hints) {
    const group = groups.get(hint.nodeId) ?? [];
    group.push(hint);
    groups.set(hint.nodeId, group);
  }
  return groups;
}
