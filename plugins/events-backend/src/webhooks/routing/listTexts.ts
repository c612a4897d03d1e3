/** More would make a sentence that nobody reads to its end. */
const maxListed = 5;

/** Lists texts for people: `a, b, c and 7 more`. */
export function listTexts(texts: readonly string[]): string {
  const more = texts.length - maxListed;
  return more > 0
    ? `${texts.slice(0, maxListed).join(', ')} and ${more} more`
    : texts.join(', ');
}
