import type { DryRunResult } from '@callboard/backstage-plugin-events-common';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { Endpoint } from '../../endpoints';
import type { SqlEventLog } from '../../log';
import { toEventSummary } from '../views';
import type { EndpointDoor, RequestPreview } from './EndpointDoor';
import { selectEvent } from './selectEvent';

/** Events that are read whole at once: each may be as large as an event may be. */
const eventsPerPage = 20;
const maxPreviews = 3;

/**
 * Says of the newest events of the log whether an endpoint would be sent them, why not, and how the requests would look.
 * Sends nothing.
 *
 * @param endpoint - may be one that is not saved
 * @param last - how many events to look at
 */
export async function dryRun(
  { log, door }: { log: SqlEventLog; door: EndpointDoor },
  endpoint: Endpoint,
  last: number,
): Promise<DryRunResult> {
  const heads = await log.list({ order: 'desc', limit: last });
  const items: DryRunResult['items'] = [];
  const shown: LogEvent[] = [];
  for (let first = 0; first < heads.length; first += eventsPerPage) {
    const page = heads.slice(first, first + eventsPerPage);
    const events = await log.readPositions(
      page.map(({ position }) => Number(position)),
    );
    const byId = new Map(events.map(event => [event.id, event]));
    for (const head of page) {
      const event = byId.get(head.id);
      // It may have been trimmed meanwhile.
      if (event) {
        const selection = await selectEvent(door, endpoint.settings, event);
        const { size: _, ...item } = toEventSummary(head);
        items.push({
          ...item,
          matches: selection.matches === true,
          reason: selection.matches ? null : selection.reason,
          failed:
            selection.matches === undefined ||
            (selection.matches === false && selection.failed),
        });
        if (selection.matches && shown.length < maxPreviews) {
          shown.push(event);
        }
      }
    }
  }
  return {
    matched: items.filter(({ matches }) => matches).length,
    items,
    previews: await makePreviews(door, endpoint, shown),
  };
}

async function makePreviews(
  door: EndpointDoor,
  endpoint: Endpoint,
  newestFirst: readonly LogEvent[],
): Promise<RequestPreview[]> {
  if (newestFirst.length === 0) {
    return [];
  }
  return endpoint.settings.batch
    ? [await door.preview(endpoint, newestFirst.toReversed())]
    : Promise.all(newestFirst.map(event => door.preview(endpoint, [event])));
}
