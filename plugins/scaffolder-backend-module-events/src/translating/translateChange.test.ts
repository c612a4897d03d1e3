import {
  describeEvent,
  scaffolderTaskComplete,
} from '@callboard/backstage-plugin-events-node';
import { translateChange } from './translateChange';

const row = {
  id: '6d4a5f0e-0d2c-4c3e-9d3c-6f6f8f0f8b11',
  topic: 'scaffolder',
  key: undefined,
  metadata: {},
  createdAt: new Date(0),
};
const change = {
  taskId: 'a',
  status: 'open',
  templateRef: 'template:default/t',
  createdBy: 'user:default/u',
};

describe('the translation of changes of tasks', () => {
  it.each([
    ['open', 'created'],
    ['processing', 'processing'],
    ['completed', 'completed'],
    ['failed', 'failed'],
    ['cancelled', 'cancelled'],
  ])('calls the status %s %s', (status, action) => {
    const event = translateChange({ ...row, payload: { ...change, status } });
    expect(event).toMatchObject({
      eventPayload: {
        action,
        taskId: 'a',
        templateRef: 'template:default/t',
        createdBy: 'user:default/u',
      },
      metadata: { source: 'scaffolder', timestamp: '1970-01-01T00:00:00.000Z' },
    });
    expect(event && scaffolderTaskComplete.recognises(event)).toBe(true);
  });

  it('makes an event with the id of the row and the key of the task', () => {
    const event = translateChange({ ...row, payload: change });
    expect(event && describeEvent(event)).toMatchObject({
      id: row.id,
      key: 'a',
      correlationId: 'a',
    });
  });

  it('leaves out what is not known of a task', () => {
    const payload = { ...change, templateRef: null, createdBy: null };
    expect(translateChange({ ...row, payload })?.eventPayload).toEqual({
      action: 'created',
      taskId: 'a',
    });
  });

  it('tells nothing of a status that the contract does not know', () => {
    const payload = { ...change, status: 'skipped' };
    expect(translateChange({ ...row, payload })).toBeUndefined();
  });

  it('refuses a row that the triggers did not write', () => {
    expect(() => translateChange({ ...row, payload: {} })).toThrow('taskId');
  });
});
