import type {
  EndpointAttemptSummary,
  EndpointAttemptView,
  EndpointReplayView,
  EndpointView,
  ShownKey,
} from '@callboard/backstage-plugin-events-common';
import {
  shownReplayQuerySchema,
  toSubscriptionId,
  type AttemptHead,
  type Endpoint,
  type EndpointAttempt,
  type EndpointReplay,
} from '../../endpoints';

/** An endpoint, without anything secret. */
export function toEndpointView(endpoint: Endpoint): EndpointView {
  return {
    id: endpoint.id,
    managedBy: endpoint.managedBy,
    ...endpoint.settings,
    signingKeys: endpoint.signingKeys.map(key => ({
      id: key.id,
      version: key.version,
      createdAt: toInstant(key.createdAtMs),
      expiresAt:
        key.expiresAtMs === undefined ? null : toInstant(key.expiresAtMs),
      publicKey: key.publicKey ?? null,
    })),
    secretHeaders: [...endpoint.secretHeaders],
    state: endpoint.state,
    stateReason: endpoint.stateReason ?? null,
    stateBy: endpoint.stateBy,
    stateAt: toInstant(endpoint.stateAtMs),
    subscriptionId: toSubscriptionId(endpoint.id),
    revision: endpoint.revision,
    createdAt: toInstant(endpoint.createdAtMs),
    createdBy: endpoint.createdBy,
    updatedAt: toInstant(endpoint.updatedAtMs),
  };
}

/** What a receiver is to be given of a key: the secret of `v1`, the public key of `v1a`. */
export function toShownKey(key: string): ShownKey {
  return key.startsWith('whpk_')
    ? { version: 'v1a', publicKey: key }
    : { version: 'v1', secret: key };
}

/** An attempt, for a list. */
export function toAttemptSummary(attempt: AttemptHead): EndpointAttemptSummary {
  return {
    id: attempt.id,
    endpointId: attempt.endpointId,
    messageId: attempt.messageId,
    eventId: attempt.eventId,
    position: attempt.position,
    topic: attempt.topic,
    number: attempt.number,
    startedAt: toInstant(attempt.startedAtMs),
    durationMs: Math.round(attempt.durationMs),
    outcome: attempt.outcome,
    reason: attempt.reason,
    status: attempt.status ?? null,
  };
}

/** An attempt, with request and answer. */
export function toAttemptView(attempt: EndpointAttempt): EndpointAttemptView {
  return {
    ...toAttemptSummary(attempt),
    request: attempt.request,
    answer: attempt.answer ?? null,
  };
}

/** A replay, and how far it has come. */
export function toReplayView(replay: EndpointReplay): EndpointReplayView {
  return {
    id: replay.id,
    endpointId: replay.endpointId,
    query: shownReplayQuerySchema.parse(JSON.parse(replay.query)),
    state: replay.state,
    total: replay.total,
    lookedAt: replay.lookedAt,
    owed: replay.owed,
    place: replay.place,
    upTo: replay.upTo,
    error: replay.error ?? null,
    createdBy: replay.createdBy,
    createdAt: toInstant(replay.createdAtMs),
    updatedAt: toInstant(replay.updatedAtMs),
  };
}

/** A time as ISO 8601. */
export function toInstant(ms: number): string {
  return new Date(ms).toISOString();
}
