import type { Entity } from '@backstage/catalog-model';

/** What a user enters, and what nobody else is to see. */
export const userInput = 'entered-by-the-user';

const makeTemplate = (name: string, steps: object[]): Entity => ({
  apiVersion: 'scaffolder.backstage.io/v1beta3',
  kind: 'Template',
  metadata: { name, namespace: 'default' },
  spec: {
    type: 'service',
    parameters: {
      type: 'object',
      properties: { name: { type: 'string' } },
    },
    steps: steps.map((step, index) => ({ id: `step-${index}`, ...step })),
  },
});

/** Templates of stock actions: one that completes, one that fails, and one that waits until it is cancelled. */
export const entities: Entity[] = [
  makeTemplate('completes', [
    { action: 'debug:log', input: { message: '${{ parameters.name }}' } },
  ]),
  makeTemplate('fails', [
    {
      action: 'fs:rename',
      input: { files: [{ from: '${{ parameters.name }}', to: 'b' }] },
    },
  ]),
  makeTemplate('waits', [
    { action: 'debug:wait', input: { minutes: 5 } },
    { action: 'debug:log', input: { message: 'waited' } },
  ]),
  {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'User',
    metadata: { name: 'mock', namespace: 'default', title: userInput },
    spec: { memberOf: [] },
  },
];
