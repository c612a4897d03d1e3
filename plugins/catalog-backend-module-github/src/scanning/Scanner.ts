import { setTimeout as delay } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  listRepositories,
  type FollowedOwners,
  type ListingOrder,
  type PageSize,
  type RepositoryPage,
} from '../asking';
import type { ProviderTelemetry } from '../ProviderTelemetry';
import type { Reconciler } from '../reconciling';
import {
  countRepositories,
  findHinted,
  findUnlisted,
  insertHints,
  listKnownOwners,
  noteLookedUntil,
  noteProvider,
  noteScanBegan,
  noteScanEnded,
  readLookedUntil,
  readScanProgress,
  type GithubStore,
} from '../repositories';
import type { ProviderSettings } from '../settings';
import { digestSettings } from './digestSettings';
import { findHaste, isLongAgo } from './findHaste';
import { describeReport, Scan, type ScanReport } from './Scan';
import { untilFree } from './untilFree';

/** How long the lease is left to hints between two pages, in milliseconds; longer than they take to look for it. */
const letOthersMs = 400;
/**
 * Changes that are told so much later than they were made are seen all the same, and GitHub's clock may be so far behind
 * ours, in milliseconds. It costs no call as long as that fits on a page.
 */
const overlapMs = 600_000;
/** A schedule of one day starts its scans not quite a day apart; this part of the age is enough. */
const ageTolerance = 0.95;

/** How long a scan waits for the rate limit of one of several owners, in milliseconds. */
const shortWaitMs = 60_000;
/** As many repositories as GitHub lists on a page. */
const mostOfPage = 100;

/**
 * Looks at everything, for what no webhook told of.
 *
 * @remarks
 * A scan is of what was pushed to or changed since the last one, as long as the number of repositories is as expected;
 * otherwise, and when the last full one is old, it lists all. A page is as good as a question for each of its
 * repositories, so nothing that it shows is asked for again. What a full listing does not have is not dropped for that: it
 * becomes a hint, and is asked for by itself. So no gap in an answer removes anything.
 *
 * Owners are scanned one by one, and one who cannot be scanned keeps nobody else from it. In the end the catalog is given
 * all that is known. What others of the same name have left is dropped by that only when everybody has been listed once
 * with what is configured now.
 */
export class Scanner {
  readonly #store: GithubStore;
  readonly #settings: ProviderSettings;
  readonly #owners: FollowedOwners;
  readonly #pageSize: PageSize;
  readonly #reconciler: Reconciler;
  readonly #telemetry: ProviderTelemetry;
  readonly #logger: LoggerService;
  readonly #onHints: () => void;
  readonly #startedMs = Date.now();

  /** @param options.onHints - called when a scan has left hints */
  constructor(options: {
    store: GithubStore;
    settings: ProviderSettings;
    owners: FollowedOwners;
    pageSize: PageSize;
    reconciler: Reconciler;
    telemetry: ProviderTelemetry;
    logger: LoggerService;
    onHints: () => void;
  }) {
    this.#store = options.store;
    this.#settings = options.settings;
    this.#owners = options.owners;
    this.#pageSize = options.pageSize;
    this.#reconciler = options.reconciler;
    this.#telemetry = options.telemetry;
    this.#logger = options.logger;
    this.#onHints = options.onHints;
  }

  /**
   * Why a scan should not wait for its time, if it should not.
   *
   * @returns a sentence without its end
   */
  async findHaste(): Promise<string | undefined> {
    const progress = await readScanProgress(this.#store, this.#settings.name);
    return findHaste(progress, digestSettings(this.#settings), {
      startedMs: this.#startedMs,
      nowMs: Date.now(),
    });
  }

  /** Notes that this process has the provider. */
  async noteSeen(): Promise<void> {
    await noteProvider(this.#store, this.#settings.name, Date.now());
  }

  /**
   * Gives the catalog what is known, which costs no call to GitHub: it may have evicted the provider while that was not
   * configured. After a longer time that is left to the scan, since what is known is old.
   */
  async applyKnown(): Promise<void> {
    const { settings, seenMs } = await readScanProgress(
      this.#store,
      this.#settings.name,
    );
    if (
      settings === digestSettings(this.#settings) &&
      !isLongAgo(seenMs, Date.now())
    ) {
      // Another process that is at it has the provider, so the catalog has not evicted it.
      await this.#reconciler.applyKnown();
    }
  }

  /**
   * One scan.
   *
   * @param signal - ends it; what it has not seen is seen by the next one
   * @throws AggregateError when owners could not be scanned; the others were, and nothing was removed for that
   */
  async runOnce(signal: AbortSignal): Promise<ScanReport> {
    const { name } = this.#settings;
    const startedMs = Date.now();
    await noteScanBegan(
      this.#store,
      name,
      startedMs,
      digestSettings(this.#settings),
    );
    const { fullScanMs, wholeMs } = await readScanProgress(this.#store, name);
    const kind =
      fullScanMs !== undefined &&
      startedMs - fullScanMs < this.#settings.fullScanEveryMs * ageTolerance
        ? 'recent'
        : 'full';
    const scan = new Scan(kind, wholeMs !== undefined);
    try {
      await this.#scanOwners(scan, signal);
    } catch (error) {
      this.#telemetry.onScan(kind, 'failed');
      throw error;
    }
    await this.#untilFree(
      () => this.#reconciler.applyKnown(scan.isWhole),
      signal,
    );
    const { failures, report } = scan;
    const hasFailed = failures.length > 0;
    await noteScanEnded(this.#store, name, {
      beganMs: startedMs,
      endedMs: Date.now(),
      isFull: kind === 'full',
      hasFailed,
      isWhole: scan.isWhole,
    });
    this.#telemetry.onScan(kind, hasFailed ? 'failed' : 'ended');
    if (hasFailed) {
      throw new AggregateError(
        failures,
        `${failures.length} of ${
          report.owners
        } owners could not be scanned; nothing was removed for that, and it is tried again soon. ${failures
          .map(failure =>
            failure instanceof Error ? failure.message : String(failure),
          )
          .join(' ')}`,
      );
    }
    this.#report(report);
    return report;
  }

  #report(report: ScanReport): void {
    this.#logger.info(describeReport(report));
    if (report.gaps > 0) {
      this.#logger.warn(
        `GitHub listed repositories of which it did not tell everything (${report.gaps} times); they are left as they are known`,
      );
    }
  }

  async #scanOwners(scan: Scan, signal: AbortSignal): Promise<void> {
    const { name } = this.#settings;
    const owners = await this.#untilFree(
      () => this.#owners.list(signal),
      signal,
    );
    if (owners.length === 0) {
      // Nobody has installed the app, or the list has a gap.
      scan.noteMissed(false);
    }
    // A limit of one owner is nothing to the others.
    const patienceMs = owners.length > 1 ? shortWaitMs : Infinity;
    for (const { login, isSuspended } of owners) {
      if (isSuspended) {
        scan.noteMissed(await this.#hasLooked(login));
        continue;
      }
      scan.report.owners += 1;
      try {
        await this.#scanOwner(login, scan, { signal, patienceMs });
      } catch (error) {
        signal.throwIfAborted();
        scan.failures.push(error);
        scan.noteMissed(await this.#lookAtAllNext(login, scan));
      }
    }
    const followed = new Set(owners.map(({ login }) => login.toLowerCase()));
    for (const owner of await listKnownOwners(this.#store, name)) {
      if (!followed.has(owner)) {
        await this.#hintAtMissing(scan, owner);
      }
    }
  }

  /** Whether somebody has been listed in full with what is configured now. */
  async #hasLooked(owner: string): Promise<boolean> {
    const { name } = this.#settings;
    return (await readLookedUntil(this.#store, name, owner)) !== undefined;
  }

  /** @returns whether the owner had been listed before */
  async #lookAtAllNext(owner: string, scan: Scan): Promise<boolean> {
    const hasLooked = await this.#hasLooked(owner);
    if (hasLooked && scan.report.kind === 'full') {
      await noteLookedUntil(this.#store, this.#settings.name, owner, 0);
    }
    return hasLooked;
  }

  async #scanOwner(
    owner: string,
    scan: Scan,
    limits: OwnerLimits,
  ): Promise<void> {
    const { name } = this.#settings;
    const startedMs = Date.now();
    const until = await readLookedUntil(this.#store, name, owner);
    const seen = { untilMs: until ?? 0 };
    // What changes meanwhile may be on a page that was read before.
    const noteSeen = () =>
      noteLookedUntil(
        this.#store,
        name,
        owner,
        Math.min(seen.untilMs, startedMs),
      );
    const isFirst = until === undefined;
    if (scan.report.kind === 'recent' && until !== undefined) {
      let expected = 0;
      for (const order of ['PUSHED_AT', 'UPDATED_AT'] as const) {
        expected = await this.#list(owner, scan, limits, {
          order,
          isFirst,
          seen,
          sinceMs: until - overlapMs,
        });
      }
      if ((await countRepositories(this.#store, name, owner)) === expected) {
        await noteSeen();
        return;
      }
    }
    await this.#list(owner, scan, limits, {
      order: 'CREATED_AT',
      isFirst,
      seen,
      listing: scan.listing,
    });
    await this.#hintAtMissing(scan, owner);
    await noteSeen();
  }

  /** Lists pages and applies them; returns how many repositories there are altogether. */
  async #list(
    owner: string,
    scan: Scan,
    { signal, patienceMs }: OwnerLimits,
    options: {
      order: ListingOrder;
      isFirst: boolean;
      seen: { untilMs: number };
      /** Ends at what was pushed or changed before; lists all unless given. */
      sinceMs?: number;
      listing?: string;
    },
  ): Promise<number> {
    const { order, isFirst, seen, sinceMs, listing } = options;
    let after: string | undefined;
    for (;;) {
      const start = after;
      const { page, repairs } = await this.#untilFree(
        () =>
          this.#reconciler.applyListing({
            isFirst,
            listing,
            ask: () =>
              this.#pageSize.use(mostOfPage, first =>
                listRepositories(this.#owners.askFor(owner), owner, {
                  order,
                  after: start,
                  first,
                  signal,
                  settings: this.#settings,
                }),
              ),
          }),
        signal,
        patienceMs,
      );
      scan.note(page, repairs);
      await this.#hintAtGaps(page, owner);
      const times = page.repositories.map(({ state }) =>
        order === 'PUSHED_AT' ? state.pushedAtMs : state.updatedAtMs,
      );
      seen.untilMs = Math.max(seen.untilMs, ...times);
      const isSeen =
        sinceMs !== undefined && times.some(timeMs => timeMs < sinceMs);
      if (isSeen || page.next === undefined) {
        return page.totalCount;
      }
      if (await this.#reconciler.hasDue()) {
        // Pushes do not wait for the end of the scan.
        await delay(letOthersMs, undefined, { signal });
      }
      after = page.next;
    }
  }

  #untilFree<T>(
    work: () => Promise<T | undefined>,
    signal: AbortSignal,
    patienceMs = Infinity,
  ): Promise<T> {
    return untilFree(work, {
      signal,
      patienceMs,
      pageSize: this.#pageSize,
      logger: this.#logger,
    });
  }

  /** Has everything looked at by itself that is known and was not listed. */
  async #hintAtMissing(scan: Scan, owner: string): Promise<void> {
    const { name } = this.#settings;
    const nowMs = Date.now();
    const missing = await findUnlisted(this.#store, name, scan.listing, owner);
    await insertHints(
      this.#store,
      name,
      missing.map(hint => ({ cause: 'scan', hint, dueAtMs: nowMs })),
      nowMs,
    );
    if (missing.length > 0) {
      scan.report.missing += missing.length;
      this.#onHints();
    }
  }

  /** Has everything looked at by itself that was listed without what is to be known of it. */
  async #hintAtGaps({ gaps }: RepositoryPage, owner: string): Promise<void> {
    const { name } = this.#settings;
    const nowMs = Date.now();
    const named = gaps.flatMap(nodeId => nodeId ?? []);
    const hinted = await findHinted(this.#store, name, named);
    const nodeIds = named.filter(nodeId => !hinted.has(nodeId));
    await insertHints(
      this.#store,
      name,
      nodeIds.map(nodeId => ({
        cause: 'scan',
        hint: { nodeId, owner, fullName: owner, saysGone: false },
        dueAtMs: nowMs,
      })),
      nowMs,
    );
    if (nodeIds.length > 0) {
      this.#onHints();
    }
  }
}

/** How long the scan of an owner may take. */
interface OwnerLimits {
  signal: AbortSignal;
  /** How long it waits for a rate limit, in milliseconds. */
  patienceMs: number;
}
