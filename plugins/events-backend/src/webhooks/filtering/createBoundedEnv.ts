import {
  CelScalar,
  celEnv,
  celFunc,
  celList,
  celMethod,
  isCelError,
  isCelList,
  isCelMap,
  listType,
  type CelEnv,
  type CelFunc,
  type CelInput,
  type CelList,
  type CelType,
  type CelValue,
} from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { loopFunctions } from './boundLoops';
import type { Budget } from './Budget';
import { payForCall } from './payForCall';
import { replaceText } from './replaceText';

const { BOOL, DOUBLE, DYN, INT, STRING, UINT } = CelScalar;
const LIST = listType(DYN);

/** Values of these types have all the same size. */
const sizeless = new Set<string>(
  [BOOL, DOUBLE, INT, UINT].map(({ name }) => name),
);

/** `format` takes long for some numbers and has no use in a filter; `replace` is ours, for theirs takes quadratic time. */
const leftOut: ReadonlySet<string> = new Set(['format', 'replace']);

/**
 * Makes the environment of filters: the functions of CEL with its extension for strings, which pay from a budget.
 *
 * @remarks
 * Only what takes nothing but truth values and numbers is as it was. So a function that a later version of the library
 * brings pays for all that it is given.
 */
export function createBoundedEnv(budget: Budget): CelEnv {
  const known = [
    ...celEnv().funcs,
    ...strings.filter(({ name }) => !leftOut.has(name)),
  ];
  return celEnv({
    funcs: [
      ...known.filter(takesLarge).map(func => makePay(func, budget)),
      ...makeReplace(budget),
      concatLists(budget),
      ...makeLoopFunctions(budget),
    ],
  });
}

function takesLarge(func: CelFunc): boolean {
  const types: (CelType | undefined)[] = [func.target, ...func.arguments];
  return types.some(type => type !== undefined && !sizeless.has(type.name));
}

/** The same function, which pays before it does something. */
function makePay(func: CelFunc, budget: Budget): CelFunc {
  const { name, target: type } = func;
  const call = (target: CelValue | undefined, args: CelValue[]): CelInput => {
    payForCall(budget, name, target === undefined ? args : [target, ...args]);
    const result = func.call(0, target, args);
    if (result === undefined || isCelError(result)) {
      throw result ?? new Error(`${name} does not take these values`);
    }
    return result;
  };
  return type === undefined
    ? celFunc(name, func.arguments, func.result, (...args: CelValue[]) =>
        call(undefined, args),
      )
    : celMethod(
        name,
        type,
        func.arguments,
        func.result,
        function payAndCall(this: CelValue, ...args: CelValue[]) {
          return call(this, args);
        },
      );
}

function makeReplace(budget: Budget): CelFunc[] {
  return [
    celMethod(
      'replace',
      STRING,
      [STRING, STRING],
      STRING,
      function replaceAll(wanted, replacement) {
        return replaceText(budget, this, wanted, replacement, Infinity);
      },
    ),
    celMethod(
      'replace',
      STRING,
      [STRING, STRING, INT],
      STRING,
      function replaceSome(wanted, replacement, count) {
        const times = count < 0n ? Infinity : Number(count);
        return replaceText(budget, this, wanted, replacement, times);
      },
    ),
  ];
}

/** Makes a flat list. That of the library keeps both, and goes through all that were added to find one element. */
function concatLists(budget: Budget): CelFunc {
  return celFunc('_+_', [LIST, LIST], LIST, (left, right) => {
    budget.spend(left.size + right.size);
    return celList([...left, ...right]);
  });
}

function makeLoopFunctions(budget: Budget): CelFunc[] {
  const lists = new WeakMap<CelList, CelInput[]>();
  return [
    celFunc(
      loopFunctions.payForTurns,
      [DYN, DOUBLE],
      DYN,
      (range, turnPrice) => {
        if (isCelList(range) || isCelMap(range)) {
          budget.spend(range.size * turnPrice);
        }
        return range;
      },
    ),
    celFunc(loopFunctions.startList, [], LIST, () => {
      const items: CelInput[] = [];
      const list = celList(items);
      lists.set(list, items);
      return list;
    }),
    celFunc(loopFunctions.append, [LIST, DYN], LIST, (list, item) => {
      lists.get(list)?.push(item);
      return list;
    }),
  ];
}
