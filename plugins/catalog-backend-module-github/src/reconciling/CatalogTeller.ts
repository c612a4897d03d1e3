import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  locationSpecToLocationEntity,
  type DeferredEntity,
  type EntityProviderConnection,
} from '@backstage/plugin-catalog-node';
import type { CatalogScmEventsService } from '@backstage/plugin-catalog-node/alpha';
import type { ProviderTelemetry } from '../ProviderTelemetry';
import {
  findNames,
  findWantedTargets,
  listWantedTargets,
  planLocations,
  readLocations,
  readRepositories,
  settleRepositories,
  type GithubStore,
  type ReconciledRepository,
  type RepositoryState,
} from '../repositories';
import type { ProviderSettings } from '../settings';
import { decideLocations } from './decideLocations';
import { describeChange, type Change } from './describeChange';
import { listRefreshKeys } from './listRefreshKeys';
import { makeScmEvents } from './makeScmEvents';
import type { Subject } from './Subject';
import type { ToldSubject } from './ToldSubject';
import type { Lease } from './withLease';

/** How many keys the catalog is given at once; it binds them all in one statement. */
const refreshKeys = 500;

/**
 * Tells the catalog what differs from what it has been told.
 *
 * @remarks
 * A location is written down before the catalog is told to hold it, and forgotten after it was told to drop it: the
 * process may die at any instruction. Hints are settled when all of that is done, and not before.
 *
 * A process that stood still for longer than the lease may tell the catalog something old all the same, since the catalog
 * knows no leases. What it told and could not write down may have been that; then the catalog is to be told all that is
 * known.
 */
export class CatalogTeller {
  readonly #store: GithubStore;
  readonly #settings: ProviderSettings;
  readonly #connection: EntityProviderConnection;
  readonly #scmEvents: CatalogScmEventsService;
  readonly #telemetry: ProviderTelemetry;
  readonly #logger: LoggerService;
  #hasToldLate = false;

  constructor(options: {
    store: GithubStore;
    settings: ProviderSettings;
    connection: EntityProviderConnection;
    scmEvents: CatalogScmEventsService;
    telemetry: ProviderTelemetry;
    logger: LoggerService;
  }) {
    this.#store = options.store;
    this.#settings = options.settings;
    this.#connection = options.connection;
    this.#scmEvents = options.scmEvents;
    this.#telemetry = options.telemetry;
    this.#logger = options.logger;
  }

  /** Whether the catalog was told something that was not written down, and may be older than what it was told since. */
  get hasToldLate(): boolean {
    return this.#hasToldLate;
  }

  /**
   * Gives the catalog all that is known.
   *
   * @param isWhole - whether the catalog is to drop everything else
   * @returns how many locations there are
   */
  async tellKnown(isWhole: boolean, lease: Lease): Promise<number> {
    const targets = await listWantedTargets(this.#store, this.#settings.name);
    const entities = targets.map(target => this.#makeEntity(target));
    await lease.assertHeld();
    this.#hasToldLate = true;
    await this.#connection.applyMutation(
      isWhole
        ? { type: 'full', entities }
        : { type: 'delta', added: entities, removed: [] },
    );
    await lease.assertHeld();
    this.#hasToldLate = false;
    return targets.length;
  }

  /**
   * Tells the catalog what is now known of repositories.
   *
   * @param listing - the full scan that saw them
   * @returns those of which something changed for the catalog
   */
  async tell(
    subjects: readonly Subject[],
    lease: Lease,
    listing?: string,
  ): Promise<ToldSubject[]> {
    if (subjects.length === 0) {
      return [];
    }
    const { name } = this.#settings;
    const nodeIds = subjects.map(({ nodeId }) => nodeId);
    const known = await readRepositories(this.#store, name, nodeIds);
    const locations = await readLocations(this.#store, name, nodeIds);
    const told = subjects.map(subject => {
      const { nodeId, state, isFollowed } = subject;
      const before = known.get(nodeId);
      const decision = decideLocations(state, isFollowed, this.#settings);
      const change = describeChange(
        subject,
        before,
        locations.filter(location => location.nodeId === nodeId),
        decision,
        this.#settings,
      );
      return { ...subject, before, decision, change };
    });
    const changed = told.filter(({ change }) => isChange(change));
    const planned = changed.flatMap(({ change }) => change.planned);
    if (planned.length > 0) {
      await planLocations(this.#store, name, planned, lease.fence);
    }
    const hasToldLate = this.#hasToldLate;
    await this.#applyChanges(changed, lease);
    await this.#refresh(told);
    await this.#publishScmEvents(told);
    await settleRepositories(
      this.#store,
      name,
      told.map(
        (each): ReconciledRepository => ({
          nodeId: each.nodeId,
          state: each.isFollowed ? each.state : undefined,
          explanation: each.decision.explanation,
          listing,
          hintIds: each.hints.map(({ id }) => id),
          outcome: each.change.outcome,
        }),
      ),
      Date.now(),
      lease.fence,
    );
    this.#hasToldLate = hasToldLate;
    this.#report(told);
    return changed;
  }

  async #applyChanges(
    changed: readonly ToldSubject[],
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
      this.#hasToldLate = true;
      await this.#connection.applyMutation({
        type: 'delta',
        added: added.map(target => this.#makeEntity(target)),
        removed: removed.map(target => this.#makeEntity(target)),
      });
    }
  }

  async #refresh(told: readonly ToldSubject[]): Promise<void> {
    const keys = told.flatMap(each => listRefreshKeys(each, this.#settings));
    for (let start = 0; start < keys.length; start += refreshKeys) {
      await this.#connection.refresh({
        keys: keys.slice(start, start + refreshKeys),
      });
    }
  }

  async #publishScmEvents(told: readonly ToldSubject[]): Promise<void> {
    const taken = await this.#findTaken(told);
    const events = told.flatMap(({ nodeId, before, state, hints }) =>
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
  async #findTaken(told: readonly ToldSubject[]): Promise<Set<string>> {
    const left = told.flatMap(({ nodeId, before, state }) =>
      before && before.url !== state?.url
        ? [{ nodeId, name: nameOf(before) }]
        : [],
    );
    const owners = await findNames(
      this.#store,
      this.#settings.name,
      left.map(({ name }) => name),
    );
    for (const { nodeId, state } of told) {
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

  #makeEntity(target: string): DeferredEntity {
    return {
      locationKey: this.#settings.name,
      entity: locationSpecToLocationEntity({
        location: { type: 'url', target, presence: 'optional' },
      }),
    };
  }

  #report(told: readonly ToldSubject[]): void {
    for (const { hints, change, state } of told) {
      const events = hints.filter(({ cause }) => cause === 'event');
      if (events.length === 0) {
        continue;
      }
      if (isChange(change)) {
        this.#telemetry.onFollowed(events, Date.now());
      }
      const name = state ? `${state.owner}/${state.name}` : events[0].fullName;
      this.#logger[isChange(change) ? 'info' : 'debug'](
        `Followed ${events.length} ${
          events.length === 1 ? 'hint' : 'hints'
        } of ${name}: ${change.outcome}`,
      );
    }
  }
}

/** Whether the catalog notices it. */
function isChange({ added, removed, isRefreshed }: Change): boolean {
  return added.length > 0 || removed.length > 0 || isRefreshed;
}

/** As repositories are found by their names. */
function nameOf({ owner, name }: RepositoryState): string {
  return `${owner}/${name}`.toLowerCase();
}
