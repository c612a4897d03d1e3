import type {
  AuthService,
  DiscoveryService,
  LoggerService,
} from '@backstage/backend-plugin-api';
import {
  ANNOTATION_LOCATION,
  ANNOTATION_ORIGIN_LOCATION,
  type Entity,
} from '@backstage/catalog-model';
import { ResponseError } from '@backstage/errors';
import type {
  EntityProvider,
  EntityProviderConnection,
} from '@backstage/plugin-catalog-node';
import { FailureLog } from '@callboard/backstage-plugin-events-node/bus';

/** How the contract stands in the catalog. */
export interface ContractEntityOptions {
  /** Reference of a group or user. */
  owner: string;
  lifecycle: string;
}

/** How long the events plugin may take to answer, in milliseconds. */
const answerLimitMs = 10_000;
/** More than any contract has; an answer that is larger comes from something else. */
const maxDocumentBytes = 4 * 1024 * 1024;

/** Brings the contract of the instance into the catalog, as an API entity of type `asyncapi`. */
export class ContractProvider implements EntityProvider {
  readonly #options: ContractEntityOptions;
  readonly #discovery: DiscoveryService;
  readonly #auth: AuthService;
  readonly #failureLog: FailureLog;
  #connection: EntityProviderConnection | undefined;
  #provided: string | undefined;

  constructor(options: {
    options: ContractEntityOptions;
    discovery: DiscoveryService;
    auth: AuthService;
    logger: LoggerService;
  }) {
    this.#options = options.options;
    this.#discovery = options.discovery;
    this.#auth = options.auth;
    this.#failureLog = new FailureLog({
      logger: options.logger,
      failed:
        'The contract of the events system could not be read; the catalog keeps the one that it has',
      worked: 'The contract of the events system can be read again',
    });
  }

  getProviderName(): string {
    return 'callboard-events-contract';
  }

  async connect(connection: EntityProviderConnection): Promise<void> {
    this.#connection = connection;
  }

  /** Reads the contract, and provides it if it is not the one that was provided last. Never rejects. */
  async runOnce(): Promise<void> {
    try {
      const baseUrl = await this.#discovery.getBaseUrl('events');
      const url = `${baseUrl}/asyncapi.yaml`;
      const definition = await this.#read(url);
      if (this.#connection && definition !== this.#provided) {
        await this.#connection.applyMutation({
          type: 'full',
          entities: [
            {
              entity: makeEntity(definition, this.#options),
              locationKey: this.getProviderName(),
            },
          ],
        });
        this.#provided = definition;
      }
      this.#failureLog.onWorked();
    } catch (error) {
      this.#failureLog.onFailed(error);
    }
  }

  async #read(url: string): Promise<string> {
    const { token } = await this.#auth.getPluginRequestToken({
      onBehalfOf: await this.#auth.getOwnServiceCredentials(),
      targetPluginId: 'events',
    });
    const response = await fetch(url, {
      headers: { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(answerLimitMs),
    });
    if (!response.ok) {
      throw await ResponseError.fromResponse(response);
    }
    const text = await response.text();
    if (text.length > maxDocumentBytes) {
      throw new Error(
        `The contract has ${text.length} characters, more than ${maxDocumentBytes}`,
      );
    }
    return text;
  }
}

/** Where the entity comes from, for people who wonder; an address would be one of this installation's inside. */
const location = 'callboard:events/asyncapi.yaml';

function makeEntity(
  definition: string,
  { owner, lifecycle }: ContractEntityOptions,
): Entity {
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'API',
    metadata: {
      name: 'backstage-events',
      title: 'Backstage events',
      description: 'What happens in this Backstage, and how to learn of it',
      annotations: {
        [ANNOTATION_LOCATION]: location,
        [ANNOTATION_ORIGIN_LOCATION]: location,
      },
    },
    spec: { type: 'asyncapi', lifecycle, owner, definition },
  };
}
