export * from './Endpoint';
export { EndpointChangedError } from './EndpointChangedError';
export { EndpointPool } from './EndpointPool';
export { UnreadableEndpointError } from './endpointRow';
export { findMissingSecrets, UnreadableSecretsError } from './heldSecrets';
export { minKeyLength, SecretVault } from './SecretVault';
export type { Reservation } from './planReservation';
export type { OnUnreadable } from './readRows';
export type { KeyDescription, KeyMaker } from './signingKeys';
export type { ReplayProgress } from './operations/advanceReplay';
export type { DeclaredEndpoint } from './operations/changeDeclared';
export type { EndpointChange } from './operations/changeEndpoint';
export type { NewEndpoint } from './operations/createEndpoint';
export type { NewReplay } from './operations/createReplay';
export type { Announcement } from './operations/listAnnouncements';
export type { AttemptListing } from './operations/listAttempts';
export type { EndpointFilter } from './operations/listEndpoints';
export type { EndpointHealth } from './operations/readHealth';
export type { Reconciliation } from './operations/reconcileEndpoints';
export type { ReservationWish } from './operations/reserveAttempts';
export type { KeyRotation } from './operations/rotateKey';
export type { StateChange } from './operations/setEndpointState';
export type { AttemptSummary } from './operations/summarizeAttempts';
export {
  replayQuerySchema,
  shownReplayQuerySchema,
  type ReplayQuery,
} from './replayQuery';
