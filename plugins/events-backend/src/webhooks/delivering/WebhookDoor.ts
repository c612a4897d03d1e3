import { ConflictError, toError } from '@backstage/errors';
import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import type {
  LogEvent,
  Notifier,
} from '@callboard/backstage-plugin-events-node';
import type { Endpoint, EndpointAttempt } from '../../endpoints';
import type { Breaker } from '../sending';
import { toJwk } from '../signing';
import { announceChange } from './endpointChanges';
import { readHealthState } from './endpointHealth';
import {
  EndpointSender,
  type RequestPreview,
  type SendingOptions,
} from './EndpointSender';
import type { EventRouter, Selection } from './EventRouter';
import { findSettingsProblem } from './findSettingsProblem';
import { makeStandIns, makeTestEvent } from './makeTestEvent';
import { toAttempt } from './sendBatch';
import type { StandingSubscriptions } from './StandingSubscriptions';

/** What whoever manages endpoints can ask of those who send to them. */
export class WebhookDoor {
  readonly #standing: StandingSubscriptions;
  readonly #router: EventRouter;
  readonly #notifier: Notifier;
  readonly #openSender: (endpoint: Endpoint) => Promise<EndpointSender>;
  readonly #sending: SendingOptions;

  constructor(options: {
    standing: StandingSubscriptions;
    router: EventRouter;
    notifier: Notifier;
    openSender: (endpoint: Endpoint) => Promise<EndpointSender>;
    sending: SendingOptions;
  }) {
    this.#standing = options.standing;
    this.#router = options.router;
    this.#notifier = options.notifier;
    this.#openSender = options.openSender;
    this.#sending = options.sending;
  }

  /** Makes the subscription of an endpoint what the endpoint says. */
  register(endpoint: Endpoint): Promise<void> {
    return this.#standing.register(endpoint);
  }

  /** Removes the subscription of an endpoint that is gone, with everything that is owed to it. */
  unregister(endpointId: string): Promise<void> {
    return this.#standing.unregister(endpointId);
  }

  /** An endpoint was changed: every process looks. */
  announceChange(): void {
    announceChange(this.#notifier);
  }

  /** What is wrong with settings, as a sentence for people; undefined when nothing is. */
  findProblem(
    settings: EndpointSettings,
    secrets: EndpointSecrets | undefined,
  ): string | undefined {
    return findSettingsProblem(settings, secrets, this.#sending.guard);
  }

  /** Says whether an endpoint wants an event, and why not. */
  explain(
    settings: Pick<EndpointSettings, 'topics' | 'filter' | 'entity'>,
    event: LogEvent,
  ): Promise<Selection> {
    return this.#router.explain(settings, event);
  }

  /** Says why this process can send an endpoint nothing, as a sentence for people; undefined when it can. */
  async findSendingProblem(endpoint: Endpoint): Promise<string | undefined> {
    try {
      const sender = await this.#openSender(endpoint);
      await sender.close();
      return undefined;
    } catch (error) {
      // One that was changed since it was read is as good as it is now.
      return error instanceof ConflictError
        ? undefined
        : toError(error).message;
    }
  }

  /** Sends an event of its own now: nothing is recorded, and nothing follows. */
  async test(endpoint: Endpoint): Promise<EndpointAttempt> {
    const event = makeTestEvent(endpoint.id);
    const sender = await this.#openSender(endpoint);
    try {
      return toAttempt(await sender.send([event]), {
        endpointId: endpoint.id,
        event,
        attempt: 1,
      });
    } finally {
      await sender.close();
    }
  }

  /** Makes what would be sent. What is secret is masked, so it need not be known. */
  async preview(
    endpoint: Endpoint,
    events: readonly LogEvent[],
  ): Promise<RequestPreview> {
    const sender = new EndpointSender(
      { ...endpoint, settings: { ...endpoint.settings, tls: undefined } },
      makeStandIns(endpoint),
      this.#sending,
    );
    try {
      return sender.preview(events);
    } finally {
      await sender.close();
    }
  }

  /** Reads the breaker out of what is kept of the health of an endpoint. */
  readBreaker(health: unknown): Breaker {
    return readHealthState(health).breaker;
  }

  /** The public keys of an endpoint as a JSON Web Key Set (RFC 7517, section 5). */
  jwks({ signingKeys }: Endpoint): { keys: object[] } {
    return {
      keys: signingKeys.flatMap(({ publicKey }) =>
        publicKey === undefined ? [] : [toJwk({ publicKey })],
      ),
    };
  }
}
