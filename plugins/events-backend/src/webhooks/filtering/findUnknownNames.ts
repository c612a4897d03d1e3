import type { Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';

/**
 * Walks an expression.
 *
 * @param known - variables that there are
 * @returns names that it uses and that neither are variables nor made by a macro in it; and how many nodes it has
 */
export function findUnknownNames(
  expression: Expr,
  known: readonly string[],
): { unknown: string[]; nodes: number } {
  const unknown = new Set<string>();
  let nodes = 0;
  const walk = (expr: Expr | undefined, names: ReadonlySet<string>): void => {
    if (!expr) {
      return;
    }
    nodes += 1;
    const { case: kind, value } = expr.exprKind;
    switch (kind) {
      case 'identExpr':
        if (!names.has(value.name)) {
          unknown.add(value.name);
        }
        break;
      case 'selectExpr':
        walk(value.operand, names);
        break;
      case 'callExpr':
        [value.target, ...value.args].forEach(part => walk(part, names));
        break;
      case 'listExpr':
        value.elements.forEach(element => walk(element, names));
        break;
      case 'structExpr':
        value.entries.forEach(entry => {
          if (entry.keyKind.case === 'mapKey') {
            walk(entry.keyKind.value, names);
          }
          walk(entry.value, names);
        });
        break;
      case 'comprehensionExpr': {
        walk(value.iterRange, names);
        walk(value.accuInit, names);
        const inner = new Set([
          ...names,
          value.iterVar,
          value.iterVar2,
          value.accuVar,
        ]);
        [value.loopCondition, value.loopStep, value.result].forEach(part =>
          walk(part, inner),
        );
        break;
      }
      default:
    }
  };
  walk(expression, new Set(known));
  return { unknown: [...unknown], nodes };
}
