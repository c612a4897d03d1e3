import type { DryRunResult } from '@callboard/backstage-plugin-events-common';
import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { Endpoint } from '../../endpoints';
import type { SqlEventLog } from '../../log';
import { toEventSummary } from '../views';
import { cutPages } from './cutPages';
import { cutText } from './cutText';
import type { EndpointDoor } from './EndpointDoor';
import { selectEvent } from './selectEvent';

const kibibyte = 1_024;

/** What is read whole at once. One event may be larger, as large as an event may be. */
const pageLimit = { items: 20, bytes: 4 * kibibyte * kibibyte };
const maxPreviews = 3;
/** More of a request is not shown. */
const maxPreviewBytes = 64 * kibibyte;

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
  for (const some of cutPages(heads, pageLimit)) {
    const events = await log.readPositions(
      some.map(({ position }) => Number(position)),
    );
    const byId = new Map(events.map(event => [event.id, event]));
    for (const head of some) {
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
): Promise<DryRunResult['previews']> {
  if (newestFirst.length === 0) {
    return [];
  }
  const requests = endpoint.settings.batch
    ? [newestFirst.toReversed()]
    : newestFirst.map(event => [event]);
  const previews: DryRunResult['previews'] = [];
  // One after the other: each holds its events once more.
  for (const events of requests) {
    const { body, ...preview } = await door.preview(endpoint, events);
    const { text, cut } = cutText(body, maxPreviewBytes);
    previews.push({ ...preview, body: text, cut });
  }
  return previews;
}
