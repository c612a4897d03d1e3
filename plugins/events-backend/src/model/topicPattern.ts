/** Stands for one segment of a topic. */
const oneSegment = '*';
/** At the end of a pattern, stands for one segment or more. */
const allSegments = '**';

/** Whether a pattern stands for more than one topic. */
export function isWildcard(pattern: string): boolean {
  return pattern.split('.').some(isWild);
}

/**
 * What is wrong with a pattern of topics, such as `github.*`.
 *
 * @returns a sentence for people; undefined when nothing is
 */
export function findPatternProblem(pattern: string): string | undefined {
  const segments = pattern.split('.');
  if (segments.some(segment => segment === '')) {
    return `'${pattern}' has an empty segment`;
  }
  if (segments.some(segment => segment.includes('*') && !isWild(segment))) {
    return `'${pattern}' has a wildcard within a segment; a wildcard is a whole one, as in 'github.*'`;
  }
  if (segments.slice(0, -1).includes(allSegments)) {
    return `'${pattern}' has '**' before its end`;
  }
  return undefined;
}

/**
 * Whether a topic fits a pattern: `*` is one segment, `**` at the end is one or more, everything else is itself.
 *
 * @param pattern - without a problem, as {@link findPatternProblem} tells
 */
export function fitsPattern(topic: string, pattern: string): boolean {
  const segments = topic.split('.');
  const expected = pattern.split('.');
  const isOpen = expected.at(-1) === allSegments;
  const hasLength = isOpen
    ? segments.length >= expected.length
    : segments.length === expected.length;
  return (
    hasLength &&
    expected.every(
      (segment, index) => isWild(segment) || segment === segments[index],
    )
  );
}

const isWild = (segment: string) =>
  segment === oneSegment || segment === allSegments;
