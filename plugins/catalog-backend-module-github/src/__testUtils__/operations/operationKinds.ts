import { branchKinds } from './kinds/branches';
import { comingKinds } from './kinds/comings';
import { editKinds } from './kinds/edits';
import { renameKinds, transferKinds } from './kinds/names';
import { forcedPushKinds, pushKinds } from './kinds/pushes';
import { selectionKinds } from './kinds/selections';
import type { OperationKind } from './OperationKind';

/** Everything that happens, with weights out of about a thousand: most of it is pushes, and little is deleted. */
export const operationKinds: readonly OperationKind[] = [
  ...pushKinds,
  ...forcedPushKinds,
  ...branchKinds,
  ...editKinds,
  ...renameKinds,
  ...transferKinds,
  ...comingKinds,
  ...selectionKinds,
];
