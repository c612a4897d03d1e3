import type {
  EndpointSettings,
  EndpointState,
  SignatureVersion,
} from '@callboard/backstage-plugin-events-common';

/** A key that requests are signed with, without the key. */
export interface SigningKey {
  /** Names it, for the JWKS and for whoever rotates. */
  id: string;
  version: SignatureVersion;
  /** In milliseconds since the epoch. */
  createdAtMs: number;
  /** When it ends, in milliseconds since the epoch; undefined for the one that stays. */
  expiresAtMs: number | undefined;
  /** `whpk_` and base64, of a `v1a` key. */
  publicKey: string | undefined;
}

/** An outside URL at the end of a subscription. Times in milliseconds since the epoch. */
export interface Endpoint {
  id: string;
  /** Who declares it: the API changes none that the configuration declares. */
  managedBy: 'api' | 'config';
  settings: EndpointSettings;
  signingKeys: readonly SigningKey[];
  /** Names of headers whose values are secret. */
  secretHeaders: readonly string[];
  state: EndpointState;
  /** Why it is paused or disabled; undefined while it is active. */
  stateReason: string | undefined;
  /** Who brought it into its state: reference of a user, or `system`. */
  stateBy: string;
  stateAtMs: number;
  /** Position behind which its subscription begins; undefined for the end. */
  startPosition: number | undefined;
  /** Another one after every change of settings, secrets or state; a UUID. It is the `wish` of its subscription. */
  revision: string;
  createdAtMs: number;
  createdBy: string;
  updatedAtMs: number;
}

/** What is opened to send. */
export interface OpenSecrets {
  /** Newest first, without those that have expired. */
  signing: readonly string[];
  headers: Readonly<Record<string, string>>;
  password: string | undefined;
  clientSecret: string | undefined;
  tlsKey: string | undefined;
}

/** What became of one request, of each event in it. */
export type EndpointOutcome =
  | 'delivered'
  | 'failed'
  | 'throttled'
  | 'gone'
  | 'cancelled';

/** One try to send one event to one endpoint. */
export interface EndpointAttempt {
  /** UUID, version 7. */
  id: string;
  endpointId: string;
  /** `webhook-id` of the request: the event's id, or that of a batch. */
  messageId: string;
  eventId: string;
  position: number;
  topic: string;
  /** Which attempt at this event, from 1; starts over when it is replayed. */
  number: number;
  startedAtMs: number;
  durationMs: number;
  outcome: EndpointOutcome;
  /** A sentence for people. */
  reason: string;
  /** Of the answer; undefined without one. */
  status: number | undefined;
  request: {
    url: string;
    /** By name; secrets are masked. */
    headers: Readonly<Record<string, string>>;
    bytes: number;
  };
  answer:
    | {
        headers: Readonly<Record<string, string>>;
        /** Its beginning. */
        body: string;
        cut: boolean;
      }
    | undefined;
}

/** An attempt without its request and its answer, which may be long. */
export type AttemptHead = Omit<EndpointAttempt, 'request' | 'answer'>;

/** The prefix of the ids of subscriptions of endpoints. No plugin has a colon in its id. */
export const endpointSubscriptionPrefix = 'webhook:';

/** The id of the subscription of an endpoint. */
export function toSubscriptionId(endpointId: string): string {
  return `${endpointSubscriptionPrefix}${endpointId}`;
}

/** The id of the endpoint of a subscription; undefined when it is none of an endpoint. */
export function toEndpointId(subscriptionId: string): string | undefined {
  return subscriptionId.startsWith(endpointSubscriptionPrefix)
    ? subscriptionId.slice(endpointSubscriptionPrefix.length)
    : undefined;
}

/** Events of the past that an endpoint is sent again, or for the first time. Times in milliseconds since the epoch. */
export interface EndpointReplay {
  /** UUID, version 7. */
  id: string;
  endpointId: string;
  /** Which events, as JSON text; what it says is known to whoever runs replays. */
  query: string;
  state: EndpointReplayState;
  /** Events that were counted before it began. */
  total: number;
  lookedAt: number;
  owed: number;
  /** Position up to which it is done. */
  place: number;
  /** The last position that it takes. */
  upTo: number;
  /** Why it failed. */
  error: string | undefined;
  createdBy: string;
  createdAtMs: number;
  updatedAtMs: number;
}

/**
 * `running`: it goes on from its place, whichever process takes it up. The others are its ends: nothing moves it on from
 * there.
 */
export type EndpointReplayState = 'running' | 'done' | 'cancelled' | 'failed';
