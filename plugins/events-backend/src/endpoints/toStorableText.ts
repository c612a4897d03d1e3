/** Makes a text one that any store takes: PostgreSQL stores no zero characters, and no half of a surrogate pair. */
export function toStorableText(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, '\uFFFD');
}
