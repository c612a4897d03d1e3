import type {
  Expr,
  Expr_Call as Call,
} from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';

/** Of what cannot fail: a constant, a name that a macro has made. */
const cheap = 1;
/** Of the logic that macros are made of, which does not fail by itself. */
const logical = 2;
/** Of what may fail. To make an error takes ten times as long as to find a value. */
const dear = 8;

/**
 * What it takes to evaluate an expression once, without what its functions do with large values, and without the turns of
 * macros in it.
 *
 * @param made - names that macros around it have made
 * @returns units of work
 */
export function priceNode(
  expr: Expr | undefined,
  made: ReadonlySet<string>,
): number {
  const price = (...parts: (Expr | undefined)[]) =>
    parts.reduce((sum, part) => sum + priceNode(part, made), 0);
  const { case: kind, value } = expr?.exprKind ?? { case: undefined };
  switch (kind) {
    case undefined:
      return 0;
    case 'identExpr':
      return made.has(value.name) ? cheap : dear;
    case 'selectExpr':
      // Of `a.b.c` the names `a.b.c`, `a.b` and `a` are looked up, one after the other.
      return dear + Math.ceil(pathLength(expr) / 16) + price(value.operand);
    case 'callExpr':
      return (
        (isMadeByMacro(value) ? logical : dear) +
        price(value.target, ...value.args)
      );
    case 'listExpr':
      return cheap + price(...value.elements);
    case 'structExpr':
      return value.entries.reduce(
        (sum, { keyKind, value: item }) =>
          sum +
          logical +
          price(keyKind.case === 'mapKey' ? keyKind.value : undefined, item),
        cheap,
      );
    case 'comprehensionExpr':
      return 2 * dear + price(value.iterRange, value.accuInit, value.result);
    default:
      return cheap;
  }
}

/** `@result || test`, `!@result` and their like: names with an `@` are made by macros only. */
function isMadeByMacro({ function: name, args }: Call): boolean {
  const { case: kind, value } = args.at(0)?.exprKind ?? { case: undefined };
  return (
    name.startsWith('@not') ||
    (kind === 'identExpr' && value.name.startsWith('@'))
  );
}

function pathLength(expr: Expr | undefined): number {
  const { case: kind, value } = expr?.exprKind ?? { case: undefined };
  switch (kind) {
    case 'identExpr':
      return value.name.length;
    case 'selectExpr':
      return pathLength(value.operand) + 1 + value.field.length;
    default:
      return 0;
  }
}
