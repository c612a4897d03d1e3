/**
 * The format of Server-Sent Events.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */

/** One event. JSON text has no line breaks, so one `data` line carries it. */
export function formatEvent(position: number, data: unknown): string {
  return `id: ${position}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * How far the log is read. A block without data is not dispatched, but the client keeps its id and sends it as
 * `Last-Event-ID` when it comes again.
 */
export function formatPlace(position: number): string {
  return `id: ${position}\n\n`;
}

/** What comes first: where the stream starts, and after how long a client comes again when the stream has ended. */
export function formatOpening(position: number, retryMs: number): string {
  return `retry: ${retryMs}\n${formatPlace(position)}`;
}

/** A line that clients pass over; for a person who looks at the stream. */
export function formatComment(text: string): string {
  return `: ${text.replace(/[\r\n]+/g, ' ')}\n\n`;
}
