/** Whether a label is there, with this value if one is given. */
export function hasLabel(
  labels: Readonly<Record<string, string>>,
  label: string,
  value?: string,
): boolean {
  return (
    Object.hasOwn(labels, label) &&
    (value === undefined || labels[label] === value)
  );
}
