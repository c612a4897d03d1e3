/** A message, and what to do about it. */
export function withRemedy(
  message: string,
  remedy: string | undefined,
): string {
  return remedy ? `${message}. ${remedy}` : message;
}
