import type { Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';

/** What is to be known of an expression before it is planned. */
export interface Survey {
  /** Names that it uses and that no macro in it makes. */
  names: ReadonlySet<string>;
  /** How many nodes it has. */
  nodes: number;
  /** How many macros lie within each other at the most. */
  depth: number;
  /** Names of the messages of Protocol Buffers that it makes. */
  messages: ReadonlySet<string>;
}

/** Walks an expression. */
export function surveyExpression(expression: Expr): Survey {
  const names = new Set<string>();
  const messages = new Set<string>();
  let nodes = 0;
  let deepest = 0;
  const walk = (
    expr: Expr | undefined,
    made: ReadonlySet<string>,
    depth: number,
  ): void => {
    if (!expr) {
      return;
    }
    nodes += 1;
    deepest = Math.max(deepest, depth);
    const { case: kind, value } = expr.exprKind;
    switch (kind) {
      case 'identExpr':
        if (!made.has(value.name)) {
          names.add(value.name);
        }
        break;
      case 'selectExpr':
        walk(value.operand, made, depth);
        break;
      case 'callExpr':
        [value.target, ...value.args].forEach(part => walk(part, made, depth));
        break;
      case 'listExpr':
        value.elements.forEach(element => walk(element, made, depth));
        break;
      case 'structExpr':
        if (value.messageName) {
          messages.add(value.messageName);
        }
        value.entries.forEach(entry => {
          if (entry.keyKind.case === 'mapKey') {
            walk(entry.keyKind.value, made, depth);
          }
          walk(entry.value, made, depth);
        });
        break;
      case 'comprehensionExpr': {
        walk(value.iterRange, made, depth);
        walk(value.accuInit, made, depth);
        const inner = new Set([
          ...made,
          value.iterVar,
          value.iterVar2,
          value.accuVar,
        ]);
        [value.loopCondition, value.loopStep, value.result].forEach(part =>
          walk(part, inner, depth + 1),
        );
        break;
      }
      default:
    }
  };
  walk(expression, new Set(), 0);
  return { names, nodes, depth: deepest, messages };
}
