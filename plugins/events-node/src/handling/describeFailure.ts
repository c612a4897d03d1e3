const maxLength = 2_000;

/**
 * Says in words what a handler threw, which may be anything.
 *
 * @returns a text that every store takes: PostgreSQL refuses the zero character, and the text may quote a payload
 */
export function describeFailure(thrown: unknown): string {
  let text: string;
  try {
    text = String(thrown);
  } catch {
    text = 'The handler threw something that cannot be written as text';
  }
  return text.slice(0, maxLength).replaceAll('\0', '\ufffd');
}
