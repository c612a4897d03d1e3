import type { LoggerService } from '@backstage/backend-plugin-api';
import { toError } from '@backstage/errors';
import {
  locationSpecToLocationEntity,
  type DeferredEntity,
  type EntityProviderConnection,
} from '@backstage/plugin-catalog-node';
import type {
  CatalogScmEvent,
  CatalogScmEventsService,
} from '@backstage/plugin-catalog-node/alpha';
import {
  askForRepositories,
  type Finding,
  type FollowedOwners,
  type FoundRepository,
  type PageSize,
} from '../asking';
import type { ProviderTelemetry } from '../ProviderTelemetry';
import {
  findHinted,
  findNames,
  findNextDueMs,
  findWantedTargets,
  insertHints,
  listWantedTargets,
  planLocations,
  postponeHints,
  readDueHints,
  readLocations,
  readRepositories,
  readScanProgress,
  settleRepositories,
  type GithubStore,
  type KnownRepository,
  type PendingHint,
  type Postponement,
  type ReconciledRepository,
  type RepositoryState,
} from '../repositories';
import type { ProviderSettings } from '../settings';
import { decideLocations } from './decideLocations';
import { decideRetry } from './decideRetry';
import { describeChange, type Change } from './describeChange';
import { makeScmEvents } from './makeScmEvents';
import { provePushes } from './provePushes';
import { LeaseLostError, withLease, type Lease } from './withLease';

/** How many repositories are asked for at once: as many as GitHub takes ids. */
const mostRepositories = 100;

/** How many keys the catalog is given at once; it binds them all in one statement. */
const refreshKeys = 500;

/** What became of a turn. */
export type ReconcileTurn =
  | { kind: 'elsewhere' }
  | { kind: 'done'; repositories: number; isFull: boolean };

/** A repository, and what is now known of it. */
interface Subject {
  nodeId: string;
  /** Undefined when GitHub does not show it. */
  state: RepositoryState | undefined;
  hints: readonly PendingHint[];
  /** Of a state that follows from pushes: whether they change a catalog file. */
  isProvenChange?: boolean;
}

/**
 * Reads what repositories look like, and tells the catalog what differs from what it has been told.
 *
 * @remarks
 * Whoever reads and applies for a provider has its lease, so what was read last is applied last, whichever process reads.
 * A location is written down before the catalog is told to hold it, and forgotten after it was told to drop it: the
 * process may die at any instruction. Hints are settled when all of that is done, and not before.
 *
 * A process that stood still for longer than the lease may tell the catalog something old all the same, since the catalog
 * knows no leases. It notices when it writes that down, and has the catalog told anew what is known by then.
 */
export class Reconciler {
  readonly #store: GithubStore;
  readonly #settings: ProviderSettings;
  readonly #owners: FollowedOwners;
  readonly #pageSize: PageSize;
  readonly #connection: EntityProviderConnection;
  readonly #scmEvents: CatalogScmEventsService;
  readonly #telemetry: ProviderTelemetry;
  readonly #logger: LoggerService;
  /** Whether the catalog was told something while another process may have told it something newer. */
  #hasToldLate = false;

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
    this.#owners = options.owners;
    this.#pageSize = options.pageSize;
    this.#connection = options.connection;
    this.#scmEvents = options.scmEvents;
    this.#telemetry = options.telemetry;
    this.#logger = options.logger;
  }

  /** Reconciles the repositories whose hints are due, a hundred at most. */
  async reconcileDue(signal: AbortSignal): Promise<ReconcileTurn> {
    const { name } = this.#settings;
    if (this.#hasToldLate) {
      // Before all is known, that is left to the scan.
      const { wholeMs } = await readScanProgress(this.#store, name);
      if (wholeMs !== undefined && (await this.applyWhole()) === undefined) {
        return { kind: 'elsewhere' };
      }
    }
    if (!(await this.hasDue())) {
      return { kind: 'done', repositories: 0, isFull: false };
    }
    const turn = await withLease(this.#store, name, lease =>
      this.#reconcileDue(lease, signal),
    );
    return turn?.result ?? { kind: 'elsewhere' };
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
    signal: AbortSignal;
  }): Promise<{ page: TPage; repairs: number } | undefined> {
    const { ask, listing, isFirst, signal } = options;
    const applied = await withLease(
      this.#store,
      this.#settings.name,
      async lease => {
        const page = await ask();
        const nodeIds = page.repositories.map(({ nodeId }) => nodeId);
        const hinted = await findHinted(
          this.#store,
          this.#settings.name,
          nodeIds,
        );
        const known = await readRepositories(
          this.#store,
          this.#settings.name,
          nodeIds,
        );
        const [current, old] = split(page.repositories, each =>
          isOlder(each.state, known.get(each.nodeId)?.state),
        );
        await this.#lookAgain(old);
        const changed = await this.#apply(
          current.map(each => ({ ...each, hints: [] })),
          { lease, listing, signal },
        );
        const repaired = changed.filter(
          ({ nodeId, change }) =>
            !isFirst && !hinted.has(nodeId) && !change.isReread,
        );
        repaired.forEach(repair => this.#noteRepair(repair));
        return { page, repairs: repaired.length };
      },
    );
    return applied?.result;
  }

  /**
   * Has the catalog hold exactly what it was told of: what others of the same name have left is dropped, and what was
   * removed by hand comes back.
   *
   * @returns how many locations there are; undefined when another process reads or applies now
   */
  async applyWhole(): Promise<number | undefined> {
    const { name } = this.#settings;
    const applied = await withLease(this.#store, name, async lease => {
      const targets = await listWantedTargets(this.#store, name);
      await lease.assertHeld();
      await this.#connection.applyMutation({
        type: 'full',
        entities: targets.map(target => this.#makeEntity(target)),
      });
      this.#hasToldLate = true;
      await lease.assertHeld();
      this.#hasToldLate = false;
      return targets.length;
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

  async #reconcileDue(
    lease: Lease,
    signal: AbortSignal,
  ): Promise<ReconcileTurn> {
    const { name } = this.#settings;
    const hints = await readDueHints(
      this.#store,
      name,
      Date.now(),
      mostRepositories,
    );
    const hintsOf = groupByRepository(hints);
    if (hintsOf.size === 0) {
      return { kind: 'done', repositories: 0, isFull: false };
    }
    const known = await readRepositories(this.#store, name, [
      ...hintsOf.keys(),
    ]);
    const proven = this.#proveAll(hintsOf, known);
    const asked = [...hintsOf.keys()].filter(
      nodeId => !proven.some(subject => subject.nodeId === nodeId),
    );
    const findings = await this.#find(asked, hintsOf, known, signal);
    const found = await this.#keepUnknown(findings, hintsOf, known);
    const changed = await this.#apply([...proven, ...found], { lease, signal });
    for (const change of changed) {
      if (
        change.hints.every(({ cause }) => cause === 'scan') &&
        !change.change.isReread
      ) {
        this.#noteRepair(change);
      }
    }
    return {
      kind: 'done',
      repositories: hintsOf.size,
      isFull: hintsOf.size === mostRepositories,
    };
  }

  /** What needs no question, since the pushes tell it all. */
  #proveAll(
    hintsOf: ReadonlyMap<string, PendingHint[]>,
    known: ReadonlyMap<string, KnownRepository>,
  ): Subject[] {
    const { branch } = this.#settings;
    return [...hintsOf].flatMap(([nodeId, hints]) => {
      const state = known.get(nodeId)?.state;
      const proof = provePushes(
        state,
        branch ?? state?.defaultBranch,
        hints,
        this.#settings,
      );
      return proof
        ? {
            nodeId,
            hints,
            state: proof.state,
            isProvenChange: proof.isChanged,
          }
        : [];
    });
  }

  /** Asks GitHub, with what each owner has granted who may have the repository. */
  async #find(
    nodeIds: readonly string[],
    hintsOf: ReadonlyMap<string, PendingHint[]>,
    known: ReadonlyMap<string, KnownRepository>,
    signal: AbortSignal,
  ): Promise<Map<string, Finding[]>> {
    const findings = new Map<string, Finding[]>(
      nodeIds.map(nodeId => [nodeId, []]),
    );
    const note = (nodeId: string, finding: Finding) =>
      findings.get(nodeId)?.push(finding);
    const { source } = this.#settings;
    const idsByOwner = new Map<string, string[]>();
    for (const nodeId of nodeIds) {
      const suspects =
        source.kind === 'owner'
          ? // What is not there for the one who is followed is nothing to the provider.
            [source.login]
          : [
              known.get(nodeId)?.state.owner ?? [],
              ...(hintsOf.get(nodeId) ?? []).map(({ owner }) => owner),
            ].flat();
      for (const owner of new Set(suspects.map(each => each.toLowerCase()))) {
        idsByOwner.set(owner, [...(idsByOwner.get(owner) ?? []), nodeId]);
      }
    }
    await Promise.all(
      [...idsByOwner].map(async ([owner, ids]) => {
        const answers = await this.#ask(owner, ids, signal);
        ids.forEach((nodeId, index) => {
          const answer = answers.at(index);
          if (answer) {
            note(nodeId, answer);
          }
        });
      }),
    );
    return findings;
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
      try {
        if (!(await this.#owners.isFollowed(owner, signal))) {
          return [];
        }
        findings.push(
          ...(await this.#pageSize.use(size =>
            askForRepositories(
              this.#owners.askFor(owner),
              left.slice(0, size),
              this.#settings,
              signal,
            ),
          )),
        );
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        // One repository that GitHub cannot tell of is passed by, so that the others do not wait for it.
        const isOne = this.#pageSize.current === 1 && failures === 1;
        findings.push(
          ...left
            .slice(0, isOne ? 1 : undefined)
            .map((): Finding => ({ kind: 'unknown', error: toError(error) })),
        );
      }
    }
    return findings;
  }

  /** Lets the hints wait of what GitHub could not tell, and gives back the rest. */
  async #keepUnknown(
    findings: ReadonlyMap<string, Finding[]>,
    hintsOf: ReadonlyMap<string, PendingHint[]>,
    known: ReadonlyMap<string, KnownRepository>,
  ): Promise<Subject[]> {
    const nowMs = Date.now();
    const subjects: Subject[] = [];
    const postponed = new Map<string, Postponement & { nodeIds: string[] }>();
    for (const [nodeId, answers] of findings) {
      const hints = hintsOf.get(nodeId) ?? [];
      const decision = decideRetry(
        answers,
        hints,
        known.get(nodeId)?.state,
        nowMs,
      );
      if (decision.kind === 'believe') {
        subjects.push({ nodeId, hints, state: decision.state });
      } else {
        const { isDoubt, reason, pauseMs } = decision;
        const key = `${pauseMs} ${reason}`;
        const dueAtMs = nowMs + pauseMs;
        const group = postponed.get(key) ?? {
          ...{ isDoubt, reason, dueAtMs },
          nodeIds: [],
        };
        group.nodeIds.push(nodeId);
        postponed.set(key, group);
      }
    }
    for (const { nodeIds, ...postponement } of postponed.values()) {
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
    return subjects;
  }

  /** Tells the catalog, and returns what changed for it. */
  async #apply(
    subjects: readonly Subject[],
    options: { lease: Lease; listing?: string; signal: AbortSignal },
  ): Promise<(Subject & { change: Change })[]> {
    if (subjects.length === 0) {
      return [];
    }
    const { name } = this.#settings;
    const nodeIds = subjects.map(({ nodeId }) => nodeId);
    const known = await readRepositories(this.#store, name, nodeIds);
    const locations = await readLocations(this.#store, name, nodeIds);
    const followed = await this.#findFollowed(subjects, options.signal);
    const applied = subjects.map(subject => {
      const { nodeId, state, isProvenChange } = subject;
      const before = known.get(nodeId)?.state;
      const decision = decideLocations(
        state,
        state !== undefined && followed.has(state.owner),
        this.#settings,
      );
      const change = describeChange(
        nodeId,
        decision,
        locations.filter(location => location.nodeId === nodeId),
        before,
        state,
        isProvenChange,
        this.#settings,
      );
      return { ...subject, before, decision, change };
    });
    const changed = applied.filter(
      ({ change: { added, removed, isRefreshed } }) =>
        added.length > 0 || removed.length > 0 || isRefreshed,
    );
    const planned = changed.flatMap(({ change }) => change.planned);
    if (planned.length > 0) {
      await planLocations(this.#store, name, planned, options.lease.fence);
    }
    await this.#tellCatalog(changed, applied, options.lease);
    await this.#settle(
      applied.map(
        (each): ReconciledRepository => ({
          nodeId: each.nodeId,
          state:
            each.state && followed.has(each.state.owner)
              ? each.state
              : undefined,
          explanation: each.decision.explanation,
          listing: options.listing,
          hintIds: each.hints.map(({ id }) => id),
          outcome: each.change.outcome,
        }),
      ),
      options.lease,
    );
    this.#report(applied);
    return changed;
  }

  async #settle(
    reconciled: readonly ReconciledRepository[],
    lease: Lease,
  ): Promise<void> {
    const { name } = this.#settings;
    try {
      await settleRepositories(
        this.#store,
        name,
        reconciled,
        Date.now(),
        lease.fence,
      );
    } catch (error) {
      this.#hasToldLate ||= error instanceof LeaseLostError;
      throw error;
    }
  }

  /** Those of the owners of repositories who are followed. */
  async #findFollowed(
    subjects: readonly Subject[],
    signal: AbortSignal,
  ): Promise<Set<string>> {
    const owners = new Set(subjects.flatMap(({ state }) => state?.owner ?? []));
    const followed = new Set<string>();
    for (const owner of owners) {
      if (await this.#owners.isFollowed(owner, signal)) {
        followed.add(owner);
      }
    }
    return followed;
  }

  async #tellCatalog(
    changed: readonly (Subject & { change: Change })[],
    applied: readonly (Subject & {
      change: Change;
      before: RepositoryState | undefined;
    })[],
    lease: Lease,
  ): Promise<void> {
    const added = changed.flatMap(({ change }) => change.added);
    const dropped = changed.flatMap(({ change }) => change.removed);
    const wanted = await findWantedTargets(
      this.#store,
      this.#settings.name,
      dropped,
    );
    const removed = dropped.filter(target => !wanted.has(target));
    await lease.assertHeld();
    if (added.length > 0 || removed.length > 0) {
      await this.#connection.applyMutation({
        type: 'delta',
        added: added.map(target => this.#makeEntity(target)),
        removed: removed.map(target => this.#makeEntity(target)),
      });
    }
    const keys = [
      ...new Set(applied.flatMap(subject => this.#listRefreshKeys(subject))),
    ];
    for (let start = 0; start < keys.length; start += refreshKeys) {
      await this.#connection.refresh({
        keys: keys.slice(start, start + refreshKeys),
      });
    }
    const taken = await this.#findTaken(applied);
    const events: CatalogScmEvent[] = applied.flatMap(
      ({ nodeId, before, state, hints }) =>
        makeScmEvents(
          before,
          state,
          hints,
          this.#settings.branch,
          taken.has(nodeId),
        ),
    );
    if (events.length > 0) {
      await this.#scmEvents.publish(events);
    }
  }

  /** Those of the repositories whose former name another one has by now. */
  async #findTaken(
    applied: readonly (Subject & { before: RepositoryState | undefined })[],
  ): Promise<Set<string>> {
    const left = applied.flatMap(({ nodeId, before, state }) =>
      before && before.url !== state?.url
        ? [{ nodeId, name: nameOf(before) }]
        : [],
    );
    const owners = await findNames(
      this.#store,
      this.#settings.name,
      left.map(({ name }) => name),
    );
    for (const { nodeId, state } of applied) {
      if (state) {
        owners.set(nameOf(state), nodeId);
      }
    }
    return new Set(
      left.flatMap(({ nodeId, name }) =>
        (owners.get(name) ?? nodeId) === nodeId ? [] : nodeId,
      ),
    );
  }

  /**
   * By which keys the catalog finds what it has read from a repository: its location, and every file that pushes say was
   * touched, since entities may be made of files that are not at the catalog path, by locations and placeholders.
   *
   * @see https://backstage.io/docs/features/software-catalog/life-of-an-entity#refresh-keys
   */
  #listRefreshKeys({
    state,
    hints,
    change,
  }: Subject & { change: Change }): string[] {
    const branch = this.#settings.branch ?? state?.defaultBranch;
    if (!state || !branch) {
      return [];
    }
    const paths = [
      ...(change.isRefreshed || change.added.length > 0
        ? [this.#settings.catalogPath]
        : []),
      ...hints.flatMap(({ push }) => push?.paths ?? []),
    ];
    return paths.flatMap(path => [
      `url:${state.url}/blob/${branch}/${path}`,
      `url:${state.url}/tree/${branch}/${path}`,
    ]);
  }

  #makeEntity(target: string): DeferredEntity {
    return {
      locationKey: this.#settings.name,
      entity: locationSpecToLocationEntity({
        location: { type: 'url', target, presence: 'optional' },
      }),
    };
  }

  #noteRepair({ nodeId, state, change }: Subject & { change: Change }): void {
    const name = state ? `${state.owner}/${state.name}` : nodeId;
    this.#telemetry.onRepair(change);
    this.#logger.info(
      `The scan repaired ${name}, of which no webhook told: ${change.outcome}`,
    );
  }

  #report(applied: readonly (Subject & { change: Change })[]): void {
    for (const { hints, change, state } of applied) {
      const { added, removed, isRefreshed, outcome } = change;
      const isChange = added.length > 0 || removed.length > 0 || isRefreshed;
      const events = hints.filter(({ cause }) => cause === 'event');
      if (events.length === 0) {
        continue;
      }
      if (isChange) {
        this.#telemetry.onFollowed(events, Date.now());
      }
      const name = state ? `${state.owner}/${state.name}` : events[0].fullName;
      this.#logger[isChange ? 'info' : 'debug'](
        `Followed ${events.length} hints of ${name}: ${outcome}`,
      );
    }
  }
}

/** As repositories are found by their names. */
function nameOf({ owner, name }: RepositoryState): string {
  return `${owner}/${name}`.toLowerCase();
}

/** Whether what is known is newer than what was listed. */
function isOlder(
  listed: RepositoryState,
  known: RepositoryState | undefined,
): boolean {
  return (
    known !== undefined &&
    (listed.pushedAtMs < known.pushedAtMs ||
      listed.updatedAtMs < known.updatedAtMs)
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
