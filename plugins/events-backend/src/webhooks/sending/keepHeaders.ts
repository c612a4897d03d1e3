import type { AnswerHeaders } from './SendResult';

/** As undici gives them, by their name in lower case. */
export type ReceivedHeaders = Record<string, string | string[] | undefined>;

/** So much of a value is kept, in characters: the receiver chooses it, and it goes into our tables. */
const maxLength = 256;

/** Keeps the headers of an answer that somebody looks at; of one that was sent twice, the first. */
export function keepHeaders(headers: ReceivedHeaders): AnswerHeaders {
  const kept: AnswerHeaders = {};
  for (const name of [
    'retry-after',
    'content-type',
    'content-encoding',
  ] as const) {
    const value = [headers[name]].flat()[0];
    if (value !== undefined) {
      kept[name] = value.slice(0, maxLength);
    }
  }
  return kept;
}
