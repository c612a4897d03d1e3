import type { EventMetadata } from '@callboard/backstage-plugin-events-common';
import {
  eventMetadata,
  eventMetadataPrefix,
  type LogEvent,
} from '@callboard/backstage-plugin-events-node';
import type { Metadata } from '../../model/headers';
import { holdsCredential } from './holdsCredential';

/** For an event that was appended without one, which `accept` never does. */
const unknownSource = 'backstage';

/**
 * Selects the metadata that a receiver outside is given: the publisher's own, with what the contract asks for filled in
 * where they lack it.
 *
 * @remarks
 * Of Callboard's own names only the key goes out, by which a receiver can keep order. The others are of no use outside,
 * or tell what is nobody's business there: which plugins subscribe, and the trace of a span.
 *
 * @returns without whatever is a credential by its name: an ingress drops those, a plugin may publish one
 */
export function selectMetadata(event: LogEvent): EventMetadata {
  const stored: Metadata = JSON.parse(event.metadata);
  const theirs = Object.fromEntries(
    Object.entries(stored).filter(
      ([name]) => !isOurs(name) && !holdsCredential(name),
    ),
  );
  const correlationId =
    readText(theirs.correlationId) ??
    readText(stored[eventMetadata.correlationId]);
  return {
    ...theirs,
    source:
      readText(theirs.source) ??
      readText(stored[eventMetadata.source]) ??
      unknownSource,
    eventId: readText(theirs.eventId) ?? event.id,
    timestamp:
      readText(theirs.timestamp) ?? new Date(event.timeMs).toISOString(),
    ...(correlationId !== undefined && { correlationId }),
    ...(event.key !== undefined && { [eventMetadata.key]: event.key }),
  };
}

function isOurs(name: string): boolean {
  return name.toLowerCase().startsWith(eventMetadataPrefix);
}

/** The contract wants texts: a header that came several times is a list. */
function readText(value: Metadata[string] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
