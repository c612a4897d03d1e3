import { isCelList, isCelMap, type CelValue } from '@bufbuild/cel';
import type { Budget } from './Budget';
import { payForMatch } from './payForMatch';

/** Characters that are compared, joined or copied as a whole, for one unit. */
const charactersAtOnce = 64;
/** Characters that are looked at one by one, for one unit. */
const charactersOneByOne = 8;
/** Times and durations are objects; whatever is done with them makes new ones. */
const timePrice = 60;
/** Of a list or a map, besides what is in it. */
const containerPrice = 24;

type Payment = (budget: Budget, values: readonly CelValue[]) => void;

/**
 * Pays for what a function does with its values, before it does so. Not for the call itself, which is a node.
 *
 * @param name - of the function, as the language has it
 * @param values - its target, if it has one, and its arguments
 */
export function payForCall(
  budget: Budget,
  name: string,
  values: readonly CelValue[],
): void {
  (payments.get(name) ?? payForAll)(budget, values);
}

/** Functions of which it is known better than that they may look at all that they are given. */
const payments: ReadonlyMap<string, Payment> = new Map<string, Payment>([
  ['dyn', () => {}],
  ['type', () => {}],
  ['size', payForTexts(4)],
  ['trim', payForTexts(charactersOneByOne)],
  ['lowerAscii', payForTexts(1)],
  ['upperAscii', payForTexts(1)],
  ['split', payForSplit],
  ['join', payForJoin],
  ['contains', payForSearch],
  ['indexOf', payForSearch],
  ['lastIndexOf', payForSearch],
  ['matches', payForPattern],
  ['@in', payForIn],
  ['_==_', payForFirst],
  ['_!=_', payForFirst],
  ...['int', 'uint', 'double', 'bool', 'duration', 'timestamp'].map(
    (name): [string, Payment] => [name, payForReading],
  ),
  ...[
    'getFullYear',
    'getMonth',
    'getDate',
    'getDayOfMonth',
    'getDayOfWeek',
    'getDayOfYear',
    'getHours',
    'getMinutes',
    'getSeconds',
    'getMilliseconds',
  ].map((name): [string, Payment] => [name, payForZone]),
]);

/**
 * Goes through all that is in some values, and pays as it goes: a list may have itself many times, so that it is much
 * larger than what was paid for making it.
 */
function payForAll(budget: Budget, values: readonly CelValue[]): void {
  const open = [...values];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string' || value instanceof Uint8Array) {
      budget.spend(Math.ceil(value.length / charactersAtOnce));
    } else if (isCelList(value)) {
      budget.spend(containerPrice + 2 * value.size);
      for (const item of value) {
        open.push(item);
      }
    } else if (isCelMap(value)) {
      budget.spend(containerPrice + 12 * value.size);
      for (const [key, item] of value) {
        open.push(key, item);
      }
    } else if (typeof value === 'object' && value !== null) {
      budget.spend(timePrice);
    }
  }
}

function payForTexts(charactersForUnit: number): Payment {
  return (budget, values) => {
    for (const value of values) {
      if (typeof value === 'string') {
        budget.spend(Math.ceil(value.length / charactersForUnit));
      }
    }
  };
}

/** The worst case of a search: the whole of what is looked for is compared at every place. */
function payForSearch(budget: Budget, values: readonly CelValue[]): void {
  const [text, wanted] = values;
  if (typeof text === 'string' && typeof wanted === 'string') {
    budget.spend(Math.ceil((text.length * (wanted.length + 16)) / 128));
  }
}

function payForSplit(budget: Budget, values: readonly CelValue[]): void {
  payForSearch(budget, values);
  payForTexts(4)(budget, values);
}

function payForJoin(budget: Budget, values: readonly CelValue[]): void {
  payForAll(budget, values);
  const [list, separator = ''] = values;
  if (isCelList(list) && typeof separator === 'string') {
    const characters = list.size * separator.length;
    budget.spend(2 * list.size + Math.ceil(characters / charactersAtOnce));
  }
}

function payForPattern(budget: Budget, values: readonly CelValue[]): void {
  const [text, pattern] = values;
  if (typeof text === 'string' && typeof pattern === 'string') {
    payForMatch(budget, text, pattern);
  }
}

/** Two values are compared until they differ, so no more is looked at than the first has. */
function payForFirst(budget: Budget, values: readonly CelValue[]): void {
  payForAll(budget, values.slice(0, 1));
}

/** In a map the key is found at once; in a list the value is compared with one after the other. */
function payForIn(budget: Budget, values: readonly CelValue[]): void {
  const [value, container] = values;
  payForAll(budget, [isCelMap(container) ? value : container]);
}

/** Whole numbers of any length are read, in more than linear time, before it is said that they are too large. */
function payForReading(budget: Budget, values: readonly CelValue[]): void {
  budget.spend(80);
  payForTexts(0.1)(budget, values);
}

/** A time zone is looked up anew at each call. */
function payForZone(budget: Budget, values: readonly CelValue[]): void {
  payForAll(budget, values);
  if (values.length > 1) {
    budget.spend(2_000);
  }
}
