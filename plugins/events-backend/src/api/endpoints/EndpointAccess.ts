import type {
  HttpAuthService,
  PermissionsRegistryService,
  PermissionsService,
} from '@backstage/backend-plugin-api';
import { NotAllowedError, NotFoundError } from '@backstage/errors';
import {
  AuthorizeResult,
  type BasicPermission,
  type PolicyDecision,
  type ResourcePermission,
} from '@backstage/plugin-permission-common';
import { createConditionAuthorizer } from '@backstage/plugin-permission-node';
import {
  endpointDeletePermission,
  endpointIdSchema,
  endpointReadPermission,
  endpointUpdatePermission,
  type endpointResourceType,
} from '@callboard/backstage-plugin-events-common';
import type { Request } from 'express';
import { z } from 'zod';
import {
  toEndpointId,
  toSubscriptionId,
  UnreadableEndpointError,
  type Endpoint,
  type EndpointPool,
} from '../../endpoints';
import { parseInput } from '../../model/parseInput';
import {
  endpointResourceRef,
  type EndpointPredicate,
  type EndpointResource,
} from './endpointRules';

type EndpointPermission = ResourcePermission<typeof endpointResourceType>;

/** What guards endpoints. */
export interface EndpointAccessOptions {
  endpoints: EndpointPool;
  httpAuth: HttpAuthService;
  permissions: PermissionsService;
  permissionsRegistry: Pick<PermissionsRegistryService, 'getPermissionRuleset'>;
}

const endpointParams = z.object({ id: endpointIdSchema });

/** Decides who may do what with which endpoint. A decision under conditions is applied here, to one as to many. */
export class EndpointAccess {
  readonly #endpoints: EndpointPool;
  readonly #httpAuth: HttpAuthService;
  readonly #permissions: PermissionsService;
  readonly #isAllowed: (
    decision: PolicyDecision,
    endpoint: EndpointResource,
  ) => boolean;

  constructor(options: EndpointAccessOptions) {
    this.#endpoints = options.endpoints;
    this.#httpAuth = options.httpAuth;
    this.#permissions = options.permissions;
    this.#isAllowed = createConditionAuthorizer(
      options.permissionsRegistry.getPermissionRuleset(endpointResourceRef),
    );
  }

  /** Names who asks: the reference of a user, or the subject of a service. */
  async nameCaller(request: Request): Promise<string> {
    const { principal } = await this.#credentials(request);
    return principal.type === 'user'
      ? principal.userEntityRef
      : principal.subject;
  }

  /** Whether the caller has a permission that is about no single endpoint. */
  async has(request: Request, permission: BasicPermission): Promise<boolean> {
    const [decision] = await this.#permissions.authorize([{ permission }], {
      credentials: await this.#credentials(request),
    });
    return decision.result === AuthorizeResult.ALLOW;
  }

  /** @throws NotAllowedError when the caller has not a permission that is about no single endpoint */
  async require(request: Request, permission: BasicPermission): Promise<void> {
    if (!(await this.has(request, permission))) {
      throw lacks(permission);
    }
  }

  /** Tells of each endpoint whether the caller may do something with it. */
  async decide(
    request: Request,
    permission: EndpointPermission,
  ): Promise<EndpointPredicate> {
    const decision = await this.#decide(request, permission);
    return endpoint => this.#isAllowed(decision, endpoint);
  }

  /**
   * As `decide`, where it makes no sense to go on with nothing.
   *
   * @throws NotAllowedError when the caller may do it with no endpoint
   */
  async demand(
    request: Request,
    permission: EndpointPermission,
  ): Promise<EndpointPredicate> {
    const decision = await this.#decide(request, permission);
    if (decision.result === AuthorizeResult.DENY) {
      throw lacks(permission);
    }
    return endpoint => this.#isAllowed(decision, endpoint);
  }

  /**
   * Tells of each subscription whether the caller may know of it: of that of an endpoint only whoever may see the endpoint.
   * Where the endpoint is gone or cannot be read nobody knows whose it is, and only those know of it who may see any.
   */
  async decideSubscriptions(
    request: Request,
  ): Promise<(subscriptionId: string) => boolean> {
    const decision = await this.#decide(request, endpointReadPermission);
    if (decision.result === AuthorizeResult.ALLOW) {
      return () => true;
    }
    const endpoints =
      decision.result === AuthorizeResult.DENY
        ? []
        : await this.#endpoints.list();
    const seen = new Set(
      endpoints
        .filter(({ settings }) => this.#isAllowed(decision, settings))
        .map(({ id }) => toSubscriptionId(id)),
    );
    return id => toEndpointId(id) === undefined || seen.has(id);
  }

  /**
   * Reads the endpoint that a request names with `:id`.
   *
   * @param permission - to do what is to be done with it
   * @returns the endpoint, and whether the caller may do the same with what it becomes
   * @throws NotAllowedError when the caller may see it, but not do it; or may do it with no endpoint
   * @throws NotFoundError when there is none, or none that the caller may see
   * @throws UnreadableEndpointError when it cannot be read, and the caller may see any
   */
  async open(
    request: Request,
    permission: EndpointPermission,
  ): Promise<{ endpoint: Endpoint; isAllowed: EndpointPredicate }> {
    const isAllowed = await this.demand(request, permission);
    const { id } = parseInput(endpointParams, request.params);
    const endpoint = await this.#read(request, id);
    if (!isAllowed(endpoint.settings)) {
      // Whoever may not see it does not learn that it is there.
      const maySee = await this.decide(request, endpointReadPermission);
      throw maySee(endpoint.settings)
        ? new NotAllowedError(
            `Needs the permission ${permission.name} for endpoint '${id}'`,
          )
        : missing(id);
    }
    return { endpoint, isAllowed };
  }

  /**
   * Reads the endpoint that a request is to remove. One that cannot be read can be removed all the same, by those who may
   * remove any.
   *
   * @returns its id; and the endpoint, if it can be read
   * @throws as `open`
   */
  async openToRemove(
    request: Request,
  ): Promise<{ id: string; endpoint: Endpoint | undefined }> {
    try {
      const { endpoint } = await this.open(request, endpointDeletePermission);
      return { id: endpoint.id, endpoint };
    } catch (error) {
      if (!(error instanceof UnreadableEndpointError)) {
        throw error;
      }
      const { result } = await this.#decide(request, endpointDeletePermission);
      if (result !== AuthorizeResult.ALLOW) {
        throw lacks(endpointDeletePermission);
      }
      return { id: error.endpointId, endpoint: undefined };
    }
  }

  /**
   * Sees that a new endpoint is one that its maker may change, where that depends on the endpoint: whoever may change only
   * those of some owners makes none for others.
   *
   * @throws NotAllowedError when it is not
   */
  async checkNew(request: Request, endpoint: EndpointResource): Promise<void> {
    const decision = await this.#decide(request, endpointUpdatePermission);
    if (decision.result === AuthorizeResult.CONDITIONAL) {
      requireFit(fit => this.#isAllowed(decision, fit), endpoint);
    }
  }

  async #read(request: Request, id: string): Promise<Endpoint> {
    try {
      const endpoint = await this.#endpoints.read(id);
      if (endpoint) {
        return endpoint;
      }
    } catch (error) {
      if (!(error instanceof UnreadableEndpointError)) {
        throw error;
      }
      // It cannot be told whether a condition holds for it.
      const { result } = await this.#decide(request, endpointReadPermission);
      if (result === AuthorizeResult.ALLOW) {
        throw error;
      }
    }
    throw missing(id);
  }

  async #decide(
    request: Request,
    permission: EndpointPermission,
  ): Promise<PolicyDecision> {
    const [decision] = await this.#permissions.authorizeConditional(
      [{ permission }],
      { credentials: await this.#credentials(request) },
    );
    return decision;
  }

  #credentials(request: Request) {
    return this.#httpAuth.credentials(request, { allow: ['user', 'service'] });
  }
}

function lacks({ name }: { name: string }): NotAllowedError {
  return new NotAllowedError(`Needs the permission ${name}`);
}

function missing(id: string): NotFoundError {
  return new NotFoundError(`There is no endpoint '${id}'`);
}

/**
 * Sees that an endpoint is, or stays, one that whoever makes it so may change.
 *
 * @throws NotAllowedError when it does not
 */
export function requireFit(
  isAllowed: EndpointPredicate,
  endpoint: EndpointResource,
): void {
  if (!isAllowed(endpoint)) {
    throw new NotAllowedError(
      `Needs the permission ${endpointUpdatePermission.name} for an endpoint with this owner and these labels. Choose an owner whose endpoints you may change`,
    );
  }
}
