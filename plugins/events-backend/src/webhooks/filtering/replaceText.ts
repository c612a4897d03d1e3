import type { Budget } from './Budget';

/**
 * Replaces what is found in a text, from its beginning on, in linear time.
 *
 * @param count - how many are replaced at the most
 * @throws Error when nothing is looked for
 */
export function replaceText(
  budget: Budget,
  text: string,
  wanted: string,
  replacement: string,
  count: number,
): string {
  if (wanted === '') {
    throw new Error('replace needs a text to look for');
  }
  // As for `contains`: the whole of what is looked for is compared at every place.
  budget.spend(Math.ceil((text.length * (wanted.length + 16)) / 128));
  const parts: string[] = [];
  let start = 0;
  for (let found = 0; found < count; found += 1) {
    const index = text.indexOf(wanted, start);
    if (index < 0) {
      break;
    }
    budget.spend(4 + Math.ceil(replacement.length / 8));
    parts.push(text.slice(start, index), replacement);
    start = index + wanted.length;
  }
  budget.spend(Math.ceil(text.length / 8));
  return [...parts, text.slice(start)].join('');
}
