import type { Budget } from './Budget';

/** A repetition such as `{3}`, `{2,}` or `{1,30}`, and what stands before it. */
const repetition = /(.?)\{(\d+)(?:,(\d*))?\}/gs;
/** `(?i)`, `(?i:…)`, `(?s-i)` and their like. */
const ignoresCase = /\(\?[a-zA-Z-]*i/;
const namesUnicode = /[^\0-\x7f]|\\x\{|\\p/i;
const unicodeClass = /\\p/gi;

/** RE2 refuses more. */
const maxRepetition = 1_000;

/**
 * Pays for a regular expression. RE2 takes time in proportion to the length of the text and the number of steps that the
 * pattern has, and more than that to make them of the pattern, which it does at each evaluation.
 *
 * @throws Error for a pattern that ignores case and is not ASCII: a range of such characters takes tens of milliseconds
 */
export function payForMatch(
  budget: Budget,
  text: string,
  pattern: string,
): void {
  // What is read below is read in linear time.
  budget.spend(pattern.length);
  if (ignoresCase.test(pattern) && namesUnicode.test(pattern)) {
    throw new Error(
      'a pattern that ignores case must be ASCII, without \\p and \\x{…}: leave out (?i), or use lowerAscii()',
    );
  }
  const steps = countSteps(pattern);
  const classes = pattern.match(unicodeClass)?.length ?? 0;
  budget.spend(300 + 10 * steps + Math.ceil(steps ** 2 / 16) + classes * 4_000);
  budget.spend(text.length * (24 + Math.ceil(steps / 2)));
}

/**
 * The most steps that a pattern may have. A group that is repeated is taken for the whole pattern, and so is what stands
 * before `\E`: in `(a){2}\Q\E{3}` the second repetition is of the first.
 */
function countSteps(pattern: string): number {
  let steps = pattern.length;
  let groups = 1;
  for (const [, before, min, max] of pattern.matchAll(repetition)) {
    const times = Math.min(
      maxRepetition,
      Math.max(1, Number(min), 2 * Number(max ?? 0)),
    );
    if (before === ')' || before === 'E') {
      groups *= times;
    } else {
      steps += times;
    }
  }
  return steps * Math.min(groups, 2 * maxRepetition);
}
