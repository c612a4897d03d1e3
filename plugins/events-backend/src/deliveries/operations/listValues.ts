/** SQL for a table of one column, `column1`, with a binding for each text. */
export function listValues(texts: readonly string[]): string {
  return `VALUES ${texts.map(() => '(CAST(? AS text))').join(', ')}`;
}
