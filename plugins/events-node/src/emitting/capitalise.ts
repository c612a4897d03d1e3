/** For words at the beginning of a sentence. */
export function capitalise(words: string): string {
  return `${words.charAt(0).toLocaleUpperCase('en-US')}${words.slice(1)}`;
}
