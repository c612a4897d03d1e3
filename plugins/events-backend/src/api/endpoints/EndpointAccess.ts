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
  endpointIdSchema,
  endpointReadPermission,
  endpointUpdatePermission,
  type endpointResourceType,
} from '@callboard/backstage-plugin-events-common';
import type { Request } from 'express';
import { z } from 'zod';
import type { Endpoint, EndpointPool } from '../../endpoints';
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
   * Reads the endpoint that a request names with `:id`.
   *
   * @param permission - to do what is to be done with it
   * @returns the endpoint, and whether the caller may do the same with what it becomes
   * @throws NotAllowedError when the caller may not do it
   * @throws NotFoundError when there is none, or none that the caller may see
   */
  async open(
    request: Request,
    permission: EndpointPermission,
  ): Promise<{ endpoint: Endpoint; isAllowed: EndpointPredicate }> {
    const isAllowed = await this.demand(request, permission);
    const { id } = parseInput(endpointParams, request.params);
    const endpoint = await this.#endpoints.read(id);
    const isHidden =
      endpoint !== undefined &&
      permission.name === endpointReadPermission.name &&
      !isAllowed(endpoint.settings);
    if (!endpoint || isHidden) {
      throw new NotFoundError(`There is no endpoint '${id}'`);
    }
    if (!isAllowed(endpoint.settings)) {
      throw new NotAllowedError(
        `Needs the permission ${permission.name} for endpoint '${id}'`,
      );
    }
    return { endpoint, isAllowed };
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
