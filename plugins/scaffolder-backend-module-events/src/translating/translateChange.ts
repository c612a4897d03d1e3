import type { ScaffolderTaskChange } from '@callboard/backstage-plugin-events-common';
import {
  scaffolderTaskComplete,
  type TranslateRow,
} from '@callboard/backstage-plugin-events-node';
import { z } from 'zod';

/** Named in the metadata of every event of this module. */
const source = 'scaffolder';

/** What the triggers write. */
const changeSchema = z.object({
  taskId: z.string(),
  status: z.string(),
  templateRef: z.string().nullable(),
  createdBy: z.string().nullable(),
});

/** What the contract calls the statuses of the scaffolder. */
const actions = new Map<string, ScaffolderTaskChange['action']>([
  ['open', 'created'],
  ['processing', 'processing'],
  ['completed', 'completed'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
]);

/**
 * Turns a change of a task into an event of the contract. Of a status that the contract does not know nothing is told.
 *
 * @throws Error for a row that the triggers did not write
 */
export const translateChange: TranslateRow = ({ id, payload, createdAt }) => {
  const { taskId, status, templateRef, createdBy } =
    changeSchema.parse(payload);
  const action = actions.get(status);
  return (
    action &&
    scaffolderTaskComplete.event({
      id,
      source,
      timestamp: createdAt,
      key: taskId,
      correlationId: taskId,
      eventPayload: {
        action,
        taskId,
        ...(templateRef !== null && { templateRef }),
        ...(createdBy !== null && { createdBy }),
      },
    })
  );
};
