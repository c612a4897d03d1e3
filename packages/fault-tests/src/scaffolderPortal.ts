import { createBackend } from '@backstage/backend-defaults';
import { catalogServiceMock } from '@backstage/plugin-catalog-node/testUtils';
import { makeRecorder } from './makeRecorder';

/**
 * A portal with the stock scaffolder and the module that tells of its tasks. A subscriber writes each event down, in a
 * file; the catalog has one template, of stock actions, whose tasks take as long as they are told to and fail if they
 * are told to.
 */
const template = {
  apiVersion: 'scaffolder.backstage.io/v1beta3',
  kind: 'Template',
  metadata: { name: 'steps', namespace: 'default' },
  spec: {
    type: 'service',
    parameters: {
      type: 'object',
      required: ['name', 'seconds', 'fails'],
      properties: {
        name: { type: 'string' },
        seconds: { type: 'number' },
        fails: { type: 'boolean' },
      },
    },
    steps: [
      {
        id: 'log',
        action: 'debug:log',
        input: { message: '${{ parameters.name }}' },
      },
      {
        id: 'wait',
        action: 'debug:wait',
        input: { seconds: '${{ parameters.seconds }}' },
      },
      {
        id: 'fail',
        if: '${{ parameters.fails }}',
        action: 'fs:rename',
        input: { files: [{ from: '${{ parameters.name }}', to: 'elsewhere' }] },
      },
    ],
  },
};

const backend = createBackend();
backend.add(import('@backstage/plugin-scaffolder-backend'));
backend.add(import('@callboard/backstage-plugin-events-backend'));
backend.add(
  import('@callboard/backstage-plugin-scaffolder-backend-module-events'),
);
backend.add(catalogServiceMock.factory({ entities: [template] }));
backend.add(makeRecorder('scaffolder'));
backend.start();
