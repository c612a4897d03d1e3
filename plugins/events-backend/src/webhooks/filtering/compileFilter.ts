import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import {
  FilterSubject,
  filterVariables,
  type FilterVariable,
} from './FilterSubject';
import { findFreeNames } from './findFreeNames';
import { findRequirements, type Requirement } from './findRequirements';

const maxCharacters = 4_096;
const maxNodes = 500;

/** Whether an event fits a filter, and why not. */
export type FilterResult =
  | { matches: true }
  | {
      matches: false;
      /** A sentence for people. */
      reason: string;
      /** Whether the filter could not decide: it asked for a field that the event lacks, or compared what cannot be. */
      failed: boolean;
    };

/** An expression in the Common Expression Language that is ready to be asked. */
export interface Filter {
  readonly expression: string;
  /** What of an event it looks at. */
  readonly variables: ReadonlySet<FilterVariable>;
  /** What an event must have for it to match. */
  readonly requirements: readonly Requirement[];
  /** Never throws: a filter that fails does not match. */
  match(subject: FilterSubject): FilterResult;
}

const env = celEnv({ funcs: strings });

/**
 * Compiles a filter, in CEL (https://github.com/google/cel-spec/blob/master/doc/langdef.md) with its extension for strings.
 *
 * @param expression - over the names of {@link filterVariables}; it has to give true or false
 * @returns the filter, or what is wrong with it, as a sentence for people
 */
export function compileFilter(
  expression: string,
): { filter: Filter } | { problem: string } {
  if (expression.length > maxCharacters) {
    return { problem: `A filter has at most ${maxCharacters} characters` };
  }
  try {
    const parsed = parse(expression);
    const { names, nodes } = findFreeNames(parsed.expr);
    const known = filterVariables.filter(name => names.has(name));
    if (known.length < names.size) {
      return {
        problem: `The filter uses ${[...names]
          .filter(name => !known.some(variable => variable === name))
          .map(name => `'${name}'`)
          .join(', ')}; there are ${filterVariables.join(', ')}`,
      };
    }
    if (nodes > maxNodes) {
      return {
        problem: `The filter has ${nodes} parts, which is more than ${maxNodes}`,
      };
    }
    const evaluate = plan(env, parsed);
    return {
      filter: {
        expression,
        variables: new Set(known),
        requirements: findRequirements(parsed.expr),
        match: subject => match(evaluate, subject),
      },
    };
  } catch (error) {
    return {
      problem: `The filter is no expression of CEL: ${
        error instanceof Error ? error.message : error
      }`,
    };
  }
}

function match(
  evaluate: ReturnType<typeof plan>,
  subject: FilterSubject,
): FilterResult {
  const fail = (reason: string): FilterResult => ({
    matches: false,
    reason,
    failed: true,
  });
  subject.refresh();
  try {
    const result = evaluate(subject.bindings);
    // What the budget cut off may have been taken for something else on the way.
    if (subject.isExhausted) {
      return fail('The filter looks at more of the event than it may');
    }
    if (isCelError(result)) {
      return fail(`The filter failed: ${result.message}`);
    }
    if (typeof result !== 'boolean') {
      return fail('The filter gives neither true nor false');
    }
    return result
      ? { matches: true }
      : { matches: false, reason: 'The filter is false', failed: false };
  } catch (error) {
    return fail(
      `The filter failed: ${error instanceof Error ? error.message : error}`,
    );
  }
}
