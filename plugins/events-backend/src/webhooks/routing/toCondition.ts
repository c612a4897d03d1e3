import { readEventPath, type EventPath, type Requirement } from '../filtering';
import type { Condition, Selectivity } from './Condition';

/** Makes conditions of what a filter requires. */
export function toCondition({ path, values }: Requirement): Condition {
  return {
    place: {
      name: JSON.stringify(path),
      selectivity: rankPath(path),
      read: event => {
        const text = readEventPath(event, path);
        return text === undefined ? [] : [text];
      },
    },
    values,
  };
}

/** One subject; one owner; whatever there is in a payload; and what many events have in common. */
const selectivities = new Map<string, Selectivity>([
  ['id', 0],
  ['key', 0],
  ['entity.ref', 0],
  ['entity.name', 0],
  ['entity.owner', 1],
  ['entity.namespace', 3],
  ['entity.kind', 3],
  ['entity.type', 3],
  ['entity.lifecycle', 3],
  ['topic', 3],
]);

function rankPath(path: EventPath): Selectivity {
  return selectivities.get(path.join('.')) ?? 2;
}
