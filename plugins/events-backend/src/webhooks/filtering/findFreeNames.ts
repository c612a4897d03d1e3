import type { Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';

/**
 * Walks an expression.
 *
 * @returns names that it uses and that no macro in it makes; and how many nodes it has
 */
export function findFreeNames(expression: Expr): {
  names: ReadonlySet<string>;
  nodes: number;
} {
  const free = new Set<string>();
  let nodes = 0;
  const walk = (expr: Expr | undefined, made: ReadonlySet<string>): void => {
    if (!expr) {
      return;
    }
    nodes += 1;
    const { case: kind, value } = expr.exprKind;
    switch (kind) {
      case 'identExpr':
        if (!made.has(value.name)) {
          free.add(value.name);
        }
        break;
      case 'selectExpr':
        walk(value.operand, made);
        break;
      case 'callExpr':
        [value.target, ...value.args].forEach(part => walk(part, made));
        break;
      case 'listExpr':
        value.elements.forEach(element => walk(element, made));
        break;
      case 'structExpr':
        value.entries.forEach(entry => {
          if (entry.keyKind.case === 'mapKey') {
            walk(entry.keyKind.value, made);
          }
          walk(entry.value, made);
        });
        break;
      case 'comprehensionExpr': {
        walk(value.iterRange, made);
        walk(value.accuInit, made);
        const inner = new Set([
          ...made,
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
  walk(expression, new Set());
  return { names: free, nodes };
}
