/** The different keys of some events. */
export function keysOf(
  events: readonly { key: string | undefined }[],
): string[] {
  return [
    ...new Set(events.flatMap(({ key }) => (key === undefined ? [] : [key]))),
  ];
}
