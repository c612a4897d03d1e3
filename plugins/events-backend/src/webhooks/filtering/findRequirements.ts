import type { Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';
import { filterVariables, type FilterVariable } from './FilterSubject';

/** Where in an event something is: a variable, and names of fields from there on. */
export type EventPath = readonly [FilterVariable, ...string[]];

/** What an event must have for a filter to be true: at a path, one of some strings. */
export interface Requirement {
  path: EventPath;
  values: readonly string[];
}

/**
 * Finds what an event must have for an expression to be true, without evaluating it: equalities with strings.
 *
 * @remarks
 * Promised is: where the expression is true, every requirement holds. The other way round nothing is promised, and an
 * expression without requirements may be true for any event. By the shape of the expression:
 *
 * - `path == 'a'`, `'a' == path`: strings are equal only to the same string, and a path that leads nowhere is an error,
 *   which is not true.
 * - `path in ['a', 'b']`: the same, for one of the list.
 * - `A && B`: what `A` requires, and what `B` requires. CEL evaluates `&&` in any order, and takes an error for unknown:
 *   `false && error` is false, `true && error` is an error. So if `A` is false or an error, the whole is false or an
 *   error whatever `B` is, and never true; likewise for `B`.
 * - `A || B`: true only if `A` or `B` is. Of a path that both require, the values of both.
 * - Anything else: nothing, for it may be true by other ways.
 *
 * The logical operators are those of https://github.com/google/cel-spec/blob/master/doc/langdef.md#logical-operators.
 */
export function findRequirements(expression: Expr): Requirement[] {
  const { case: kind, value } = expression.exprKind;
  if (kind !== 'callExpr' || value.target) {
    return [];
  }
  const [left, right] = value.args;
  switch (value.function) {
    case '_&&_':
      return value.args.flatMap(findRequirements);
    case '_||_':
      return value.args.map(findRequirements).reduce(uniteRequirements);
    case '_==_':
      return [
        ...requireOneOf(readPath(left), [readString(right)]),
        ...requireOneOf(readPath(right), [readString(left)]),
      ];
    case '@in':
      return requireOneOf(readPath(left), readList(right));
    default:
      return [];
  }
}

/** Requires nothing unless all is known. */
function requireOneOf(
  path: EventPath | undefined,
  values: readonly (string | undefined)[],
): Requirement[] {
  const known = values.filter(value => value !== undefined);
  return path && known.length === values.length
    ? [{ path, values: known }]
    : [];
}

function uniteRequirements(
  some: readonly Requirement[],
  others: readonly Requirement[],
): Requirement[] {
  return some.flatMap(({ path, values }) => {
    const same = others.find(other => isSamePath(other.path, path));
    return same ? [{ path, values: [...values, ...same.values] }] : [];
  });
}

function isSamePath(a: EventPath, b: EventPath): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

function readString(expr: Expr): string | undefined {
  const { case: kind, value } = expr.exprKind;
  return kind === 'constExpr' && value.constantKind.case === 'stringValue'
    ? value.constantKind.value
    : undefined;
}

/** What is no list has one element that is not known. */
function readList(expr: Expr): (string | undefined)[] {
  const { case: kind, value } = expr.exprKind;
  return kind === 'listExpr' ? value.elements.map(readString) : [undefined];
}

/** Of `payload.a`, `payload['a']` and what is selected from these; `has(payload.a)` is none. */
function readPath(expr: Expr | undefined): EventPath | undefined {
  const { case: kind, value } = expr?.exprKind ?? { case: undefined };
  switch (kind) {
    case 'identExpr': {
      const variable = filterVariables.find(name => name === value.name);
      return variable && [variable];
    }
    case 'selectExpr':
      return value.testOnly
        ? undefined
        : extendPath(readPath(value.operand), value.field);
    case 'callExpr': {
      const [operand, index] = value.args;
      return value.function === '_[_]' && index
        ? extendPath(readPath(operand), readString(index))
        : undefined;
    }
    default:
      return undefined;
  }
}

function extendPath(
  path: EventPath | undefined,
  field: string | undefined,
): EventPath | undefined {
  return path && field !== undefined ? [...path, field] : undefined;
}
