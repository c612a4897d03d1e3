import {
  createConditionExports,
  createPermissionResourceRef,
  createPermissionRule,
} from '@backstage/plugin-permission-node';
import {
  endpointResourceType,
  type EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import { z } from 'zod';
import { hasLabel } from './hasLabel';
import { isOwnedBy } from './isOwnedBy';

/**
 * What permissions of endpoints may decide by.
 *
 * @public
 */
export type EndpointResource = Pick<EndpointSettings, 'owner' | 'labels'>;

/**
 * What a rule comes to where many endpoints are listed: they are few enough to be filtered in the process.
 *
 * @public
 */
export type EndpointPredicate = (endpoint: EndpointResource) => boolean;

/**
 * The endpoints of outbound webhooks, for the permissions framework.
 *
 * @public
 */
export const endpointResourceRef = createPermissionResourceRef<
  EndpointResource,
  EndpointPredicate
>().with({ pluginId: 'events', resourceType: endpointResourceType });

const isOwnerRule = createPermissionRule({
  name: 'IS_OWNER',
  description: 'Allow endpoints that one of these groups or users answers for',
  resourceRef: endpointResourceRef,
  paramsSchema: z.object({
    owners: z
      .array(z.string())
      .describe('References, such as those of a user and their groups'),
  }),
  apply: ({ owner }, { owners }) => isOwnedBy(owner, owners),
  toQuery:
    ({ owners }) =>
    ({ owner }) =>
      isOwnedBy(owner, owners),
});

const hasLabelRule = createPermissionRule({
  name: 'HAS_LABEL',
  description:
    'Allow endpoints that have a label, with this value if one is given',
  resourceRef: endpointResourceRef,
  paramsSchema: z.object({
    label: z.string().describe('The key of the label'),
    value: z.string().optional().describe('Its value; any unless given'),
  }),
  apply: ({ labels }, { label, value }) => hasLabel(labels, label, value),
  toQuery:
    ({ label, value }) =>
    ({ labels }) =>
      hasLabel(labels, label, value),
});

/** The rules that a policy may decide by, and modules may add to. */
export const endpointRules = {
  isOwner: isOwnerRule,
  hasLabel: hasLabelRule,
};

const conditionExports = createConditionExports({
  resourceRef: endpointResourceRef,
  rules: endpointRules,
});

/**
 * Conditions for policies, by which an endpoint may be seen, changed or removed.
 *
 * @public
 */
export const endpointConditions = conditionExports.conditions;

/**
 * Makes the decision of a policy that depends on the endpoint.
 *
 * @example
 * ```ts
 * createEndpointConditionalDecision(
 *   request.permission,
 *   endpointConditions.isOwner({ owners: user.info.ownershipEntityRefs }),
 * );
 * ```
 *
 * @public
 */
export const createEndpointConditionalDecision =
  conditionExports.createConditionalDecision;
