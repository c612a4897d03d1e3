export { openGithubStore, type GithubStore } from './GithubStore';
export { repositoryStateSchema, type RepositoryState } from './RepositoryState';
export type {
  HintCause,
  HintOrigin,
  KnownLocation,
  LocationState,
  PendingHint,
} from './rows';
export { insertHints, type NewHint } from './operations/insertHints';
export {
  acquireLease,
  addProvider,
  releaseLease,
  renewLease,
  type Fence,
} from './operations/leases';
export {
  countPendingHints,
  findRepositories,
  readHintsOfDelivery,
  readHintsOfRepository,
  type HintRecord,
  type RepositoryRecord,
} from './operations/lookUp';
export { planLocations } from './operations/planLocations';
export {
  findNames,
  forgetProviders,
  noteProvider,
} from './operations/providers';
export { postponeHints, type Postponement } from './operations/postponeHints';
export {
  findHinted,
  findNextDueMs,
  readChecks,
  readDueHints,
} from './operations/readDueHints';
export {
  findWantedTargets,
  listWantedTargets,
  readLocations,
  readRepositories,
} from './operations/readRepositories';
export {
  countRepositories,
  findUnlisted,
  listKnownOwners,
  noteLookedUntil,
  noteScanBegan,
  noteScanEnded,
  readLookedUntil,
  readScanProgress,
  type ScanProgress,
} from './operations/scans';
export {
  settleRepositories,
  type ReconciledRepository,
} from './operations/settleRepositories';
export { trimHints } from './operations/trimHints';
