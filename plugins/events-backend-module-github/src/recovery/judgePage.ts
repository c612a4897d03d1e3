import type { HookDelivery } from './hooks';
import type { JudgedPage } from './store';

/** What is known besides the page. Times are in milliseconds since the epoch. */
export interface PageKnowledge {
  /** Deliveries that the log has. */
  received: ReadonlySet<string>;
  /** What was delivered since then and is not in the log is missing; what came before may have gone elsewhere, or be trimmed. */
  judgedSinceMs: number;
  /** Of the deliveries of the page, those from then … */
  fromMs: number;
  /** … up to then are looked at. */
  upToMs: number;
}

/**
 * Decides which deliveries are to be fetched. The log has the last word: whatever it has, however GitHub fared with it, is
 * not fetched.
 *
 * @param page - from the log of GitHub, the newest first
 */
export function judgePage(
  page: readonly HookDelivery[],
  { received, judgedSinceMs, fromMs, upToMs }: PageKnowledge,
): JudgedPage {
  const looked = page.filter(
    ({ deliveredMs }) => deliveredMs >= fromMs && deliveredMs <= upToMs,
  );
  const unknown = looked.filter(
    // GitHub sends a ping when a webhook is made; nobody misses it.
    ({ guid, event }) => event !== 'ping' && !received.has(guid),
  );
  const arrived = unknown
    .filter(
      ({ isSuccessful, deliveredMs }) =>
        isSuccessful && deliveredMs < judgedSinceMs,
    )
    .map(({ id, guid, deliveredMs, isRedelivery }) => ({
      guid,
      deliveryId: id,
      deliveredMs,
      isRedelivery,
    }));
  const met = new Set(arrived.map(({ guid }) => guid));
  const due: JudgedPage['due'] = [];
  for (const { guid, id, deliveredMs, isSuccessful } of unknown) {
    if (!met.has(guid)) {
      met.add(guid);
      due.push({
        guid,
        deliveryId: id,
        deliveredMs,
        reason: isSuccessful ? 'missing' : 'failed',
      });
    }
  }
  return { read: looked.length, due, arrived };
}
