/**
 * Writes a Markdown table.
 *
 * @param texts - so many columns from the left hold texts, and are left aligned; the others hold numbers
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  texts: number = 1,
): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map(row => row[column].length)),
  );
  const formatRow = (cells: readonly string[]) =>
    `| ${cells
      .map((cell, column) =>
        column < texts
          ? cell.padEnd(widths[column])
          : cell.padStart(widths[column]),
      )
      .join(' | ')} |`;
  const rule = `| ${widths
    .map((width, column) =>
      column < texts ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
    )
    .join(' | ')} |`;
  return [formatRow(header), rule, ...rows.map(formatRow)].join('\n');
}
