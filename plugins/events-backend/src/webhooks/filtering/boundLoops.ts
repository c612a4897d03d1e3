import type {
  Expr,
  Expr_Comprehension as Comprehension,
} from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';
import { priceNode } from './priceNode';

/** Functions that only a bounded expression calls: in the language no name has an `@`. */
export const loopFunctions = {
  /** Of a range and the price of one turn: pays for all turns, and gives the range. */
  payForTurns: '@payForTurns',
  /** Gives an empty list that is nobody else's. */
  startList: '@startList',
  /** Puts an element at the end of such a list, and gives it. */
  append: '@append',
} as const;

/** What a turn takes besides its nodes: it binds two names. */
const turnPrice = 3;

/**
 * Makes an expression that comes to the same, and whose macros pay for their turns before the first one.
 *
 * @remarks
 * A turn costs what its nodes cost, without those of macros in it, which pay for their own. So however macros lie within
 * each other, the nodes that are evaluated have been paid for.
 *
 * `map` and `filter` add to their list in place. As they are parsed they make a new one at each turn, of the old one and
 * the element, which takes quadratic time. Nobody else has the old one: its name, `@result`, cannot be written.
 */
export function boundLoops(expression: Expr): Expr {
  return bound(expression, new Set());
}

function bound(expr: Expr, made: ReadonlySet<string>): Expr {
  const inner = (part: Expr) => bound(part, made);
  const { case: kind, value } = expr.exprKind;
  switch (kind) {
    case 'selectExpr':
      return {
        ...expr,
        exprKind: {
          case: kind,
          value: { ...value, operand: value.operand && inner(value.operand) },
        },
      };
    case 'callExpr':
      return {
        ...expr,
        exprKind: {
          case: kind,
          value: {
            ...value,
            target: value.target && inner(value.target),
            args: value.args.map(inner),
          },
        },
      };
    case 'listExpr':
      return {
        ...expr,
        exprKind: {
          case: kind,
          value: { ...value, elements: value.elements.map(inner) },
        },
      };
    case 'structExpr':
      return {
        ...expr,
        exprKind: {
          case: kind,
          value: {
            ...value,
            entries: value.entries.map(entry => ({
              ...entry,
              keyKind:
                entry.keyKind.case === 'mapKey'
                  ? { case: 'mapKey', value: inner(entry.keyKind.value) }
                  : entry.keyKind,
              value: entry.value && inner(entry.value),
            })),
          },
        },
      };
    case 'comprehensionExpr':
      return {
        ...expr,
        exprKind: { case: kind, value: boundLoop(expr.id, value, made) },
      };
    default:
      return expr;
  }
}

function boundLoop(
  id: bigint,
  loop: Comprehension,
  outer: ReadonlySet<string>,
): Comprehension {
  const { iterRange, accuInit, loopCondition, loopStep, result } = loop;
  const made = new Set([...outer, loop.iterVar, loop.iterVar2, loop.accuVar]);
  const price =
    turnPrice + priceNode(loopCondition, made) + priceNode(loopStep, made);
  const makesList = accuInit?.exprKind.case === 'listExpr';
  const step = makesList ? appendInPlace(loopStep, loop.accuVar) : loopStep;
  return {
    ...loop,
    iterRange:
      iterRange &&
      call(id, loopFunctions.payForTurns, [
        bound(iterRange, outer),
        number(id, price),
      ]),
    accuInit: makesList
      ? call(id, loopFunctions.startList, [])
      : accuInit && bound(accuInit, outer),
    loopCondition: loopCondition && bound(loopCondition, made),
    loopStep: step && bound(step, made),
    result: result && bound(result, made),
  };
}

/** Of `@result + [element]`, and of `test ? @result + [element] : @result`, which are all steps that make lists. */
function appendInPlace(
  step: Expr | undefined,
  accuVar: string,
): Expr | undefined {
  if (step?.exprKind.case !== 'callExpr') {
    return step;
  }
  const { value } = step.exprKind;
  const [first, second, third] = value.args;
  if (value.function === '_?_:_') {
    const grown = appendInPlace(second, accuVar);
    return grown && call(step.id, value.function, [first, grown, third]);
  }
  return value.function === '_+_' &&
    first.exprKind.case === 'identExpr' &&
    first.exprKind.value.name === accuVar &&
    second.exprKind.case === 'listExpr'
    ? call(step.id, loopFunctions.append, [
        first,
        ...second.exprKind.value.elements,
      ])
    : step;
}

function call(id: bigint, name: string, args: Expr[]): Expr {
  return {
    $typeName: 'cel.expr.Expr',
    id,
    exprKind: {
      case: 'callExpr',
      value: { $typeName: 'cel.expr.Expr.Call', function: name, args },
    },
  };
}

function number(id: bigint, value: number): Expr {
  return {
    $typeName: 'cel.expr.Expr',
    id,
    exprKind: {
      case: 'constExpr',
      value: {
        $typeName: 'cel.expr.Constant',
        constantKind: { case: 'doubleValue', value },
      },
    },
  };
}
