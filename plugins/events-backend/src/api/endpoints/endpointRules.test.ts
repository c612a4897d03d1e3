import { endpointUpdatePermission } from '@callboard/backstage-plugin-events-common';
import {
  AuthorizeResult,
  type PermissionCriteria,
} from '@backstage/plugin-permission-common';
import { createConditionAuthorizer } from '@backstage/plugin-permission-node';
import {
  createEndpointConditionalDecision,
  endpointConditions,
  endpointRules,
  type EndpointPredicate,
  type EndpointResource,
} from './endpointRules';

const rules = Object.values(endpointRules);
const isAllowed = createConditionAuthorizer([...rules]);
const endpoint: EndpointResource = {
  owner: 'group:default/Platform',
  labels: { team: 'a' },
};

describe('the rules of endpoints', () => {
  it.each([
    [
      'one of its owners',
      endpointConditions.isOwner({
        owners: ['user:default/guest', 'group:default/platform'],
      }),
      true,
    ],
    [
      'another owner',
      endpointConditions.isOwner({ owners: ['group:default/platform2'] }),
      false,
    ],
    ['nobody', endpointConditions.isOwner({ owners: [] }), false],
    ['a label', endpointConditions.hasLabel({ label: 'team' }), true],
    [
      'a label with its value',
      endpointConditions.hasLabel({ label: 'team', value: 'a' }),
      true,
    ],
    [
      'a label with another value',
      endpointConditions.hasLabel({ label: 'team', value: '' }),
      false,
    ],
    [
      'what every object has',
      endpointConditions.hasLabel({ label: 'toString' }),
      false,
    ],
  ])('decide by %s', (_, condition, expected) => {
    expect(
      isAllowed(
        createEndpointConditionalDecision(endpointUpdatePermission, condition),
        endpoint,
      ),
    ).toBe(expected);
  });

  it('decide the same where they are made into a filter', () => {
    const { isOwner, hasLabel } = endpointRules;
    const fits = (criteria: PermissionCriteria<EndpointPredicate>) =>
      typeof criteria === 'function' && criteria(endpoint);
    expect(fits(hasLabel.toQuery({ label: 'team' }))).toBe(true);
    expect(fits(hasLabel.toQuery({ label: 'team', value: 'b' }))).toBe(false);
    expect(fits(isOwner.toQuery({ owners: [endpoint.owner] }))).toBe(true);
    expect(fits(isOwner.toQuery({ owners: ['group:x/y'] }))).toBe(false);
  });

  it('can be joined', () => {
    const decision = createEndpointConditionalDecision(
      endpointUpdatePermission,
      {
        allOf: [
          endpointConditions.hasLabel({ label: 'team' }),
          { not: endpointConditions.isOwner({ owners: ['group:x/y'] }) },
        ],
      },
    );
    expect(decision.result).toBe(AuthorizeResult.CONDITIONAL);
    expect(isAllowed(decision, endpoint)).toBe(true);
  });
});
