import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { Endpoint, EndpointAttempt } from '../../endpoints';

/** Whether an endpoint wants an event, and why not. */
export type EndpointSelection =
  | { matches: true }
  | {
      matches: false;
      /** A sentence for people, without its full stop. */
      reason: string;
      /** Whether its filter could not decide; the event is not wanted then. */
      failed: boolean;
    };

/** Whether anything is sent to an endpoint that is active. */
export interface BreakerState {
  state: 'closed' | 'open' | 'half-open';
  /** While it is not closed: when the next request may be sent, in milliseconds since the epoch. */
  untilMs?: number;
}

/** A request as it would be sent, with everything secret masked. */
export interface RequestPreview {
  messageId: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** What knows how events are chosen, signed and sent. The API itself sends nothing. */
export interface EndpointDoor {
  /** Makes the subscription of an endpoint what the endpoint says. */
  register(endpoint: Endpoint): Promise<void>;
  /** Removes the subscription of an endpoint that is gone, with everything that is owed to it. */
  unregister(endpointId: string): Promise<void>;
  /** An endpoint was made, changed or removed: every process looks. */
  announceChange(): void;
  /**
   * What is wrong with settings, beyond the shape of each.
   *
   * @param secrets - all that go with the settings, signing keys only if they are new; undefined when nobody knows them
   * @returns a sentence for people, with the remedy; undefined when nothing is
   */
  findProblem(
    settings: EndpointSettings,
    secrets: EndpointSecrets | undefined,
  ): string | undefined;
  /**
   * Says whether somebody with these settings wants an event.
   *
   * @throws an error named `CatalogAwayError` when that depends on the catalog, which cannot be asked
   */
  explain(
    settings: Pick<EndpointSettings, 'topics' | 'filter' | 'entity'>,
    event: LogEvent,
  ): Promise<EndpointSelection>;
  /** Makes the request that would carry some events; needs no secret, so the endpoint may be one that is not saved. */
  preview(
    endpoint: Endpoint,
    events: readonly LogEvent[],
  ): Promise<RequestPreview>;
  /**
   * Says why this process can send an endpoint nothing: its secrets or certificates cannot be used here.
   *
   * @returns a sentence for people, with the remedy; undefined when it can
   */
  findSendingProblem(endpoint: Endpoint): Promise<string | undefined>;
  /** Sends an event of its own now, whatever the state of the endpoint: nothing is recorded, and nothing follows. */
  test(endpoint: Endpoint): Promise<EndpointAttempt>;
  /** The public keys of an endpoint, those that end soon included, as a JSON Web Key Set (RFC 7517, section 5). */
  jwks(endpoint: Endpoint): { keys: object[] };
  /** Reads the breaker out of what is kept of the health of an endpoint; closed when nothing is. */
  readBreaker(health: unknown): BreakerState;
}
