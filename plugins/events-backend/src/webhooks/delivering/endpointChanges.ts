import type { Notifier } from '@callboard/backstage-plugin-events-node';

/** No topic has a colon and a space. */
const changed: ReadonlySet<string> = new Set(['callboard: endpoints']);

/** Tells every process that an endpoint was made, changed or removed. */
export function announceChange(notifier: Notifier): void {
  notifier.notify(changed);
}

/**
 * Hears of endpoints that were made, changed or removed, by whichever process.
 *
 * @returns ends it
 */
export function listenForChanges(
  notifier: Notifier,
  wake: () => void,
): () => void {
  return notifier.listen({
    wants: topics => [...changed].some(topic => topics.has(topic)),
    wake,
  });
}
