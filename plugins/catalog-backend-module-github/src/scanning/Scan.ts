import { randomUUID } from 'node:crypto';
import type { RepositoryPage } from '../asking';

/** What a scan did. */
export interface ScanReport {
  kind: 'full' | 'recent';
  owners: number;
  /** How many repositories were listed. */
  repositories: number;
  requests: number;
  /** How many were not as they were known, of which no webhook had told. */
  repairs: number;
  /** How many are known, were not listed, and are looked at one by one. */
  missing: number;
  /** How many GitHub listed, but did not tell of. */
  gaps: number;
}

/** What a scan did, for the log. */
export function describeReport(report: ScanReport): string {
  const { kind, repositories, owners, requests, repairs, missing } = report;
  const listed = count(repositories, 'repository', 'repositories');
  const which =
    kind === 'full'
      ? 'in full'
      : 'that were pushed to or changed since the last scan';
  return `Scanned ${listed} of ${count(owners, 'owner')} ${which}, with ${count(
    requests,
    'request',
  )}. Repaired, since no webhook had told: ${repairs}. Not listed any more, and looked at now: ${missing}`;
}

/** A number with its noun. */
function count(number: number, one: string, many: string = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** What one scan has done so far. */
export class Scan {
  readonly listing = randomUUID();
  readonly report: ScanReport;
  /** Of owners who could not be scanned. */
  readonly failures: unknown[] = [];
  readonly #hasBeenWhole: boolean;
  readonly #listed = new Set<string>();
  #isWhole = true;

  /** @param hasBeenWhole - whether the catalog has been given all there is, with what is configured now */
  constructor(kind: ScanReport['kind'], hasBeenWhole: boolean) {
    this.#hasBeenWhole = hasBeenWhole;
    this.report = {
      kind,
      owners: 0,
      repositories: 0,
      requests: 0,
      repairs: 0,
      missing: 0,
      gaps: 0,
    };
  }

  note({ repositories, gaps }: RepositoryPage, repairs: number): void {
    this.report.requests += 1;
    repositories.forEach(({ nodeId }) => this.#listed.add(nodeId));
    this.report.repositories = this.#listed.size;
    this.report.repairs += repairs;
    this.report.gaps += gaps.length;
    // What is not known yet may be what others of the same name have left.
    this.#isWhole &&= this.#hasBeenWhole || gaps.length === 0;
  }

  /** Whether all is known that there is, with what is configured now. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** @param isKnown - whether the owner who could not be scanned has been listed in full before */
  noteMissed(isKnown: boolean): void {
    this.#isWhole &&= isKnown;
  }
}
