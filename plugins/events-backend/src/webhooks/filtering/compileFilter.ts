import { isCelError, parse, plan } from '@bufbuild/cel';
import { boundLoops } from './boundLoops';
import { budget } from './Budget';
import { createBoundedEnv } from './createBoundedEnv';
import {
  FilterSubject,
  filterVariables,
  type FilterVariable,
} from './FilterSubject';
import { findRequirements, type Requirement } from './findRequirements';
import { surveyExpression, type Survey } from './surveyExpression';

const maxCharacters = 4_096;
const maxNodes = 500;
/** Each macro around a name makes it take longer to look up. */
const maxDepth = 10;
/** Errors may quote what they fail at, which is as long as an event may be. */
const maxReason = 500;

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

const env = createBoundedEnv(budget);

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
    const { expr } = parse(expression);
    const survey = surveyExpression(expr);
    const problem = findProblem(survey);
    if (problem !== undefined) {
      return { problem };
    }
    const evaluate = plan(env, boundLoops(expr));
    return {
      filter: {
        expression,
        variables: new Set(
          filterVariables.filter(name => survey.names.has(name)),
        ),
        requirements: findRequirements(expr),
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

function findProblem(survey: Survey): string | undefined {
  const unknown = [...survey.names].filter(
    name => !filterVariables.some(variable => variable === name),
  );
  if (unknown.length > 0) {
    const names = unknown.map(name => `'${name}'`).join(', ');
    return `The filter uses ${names}; there are ${filterVariables.join(', ')}`;
  }
  if (survey.messages.size > 0) {
    const names = [...survey.messages].join(', ');
    return `The filter makes ${names}; write a map, {'name': value}, or a list`;
  }
  if (survey.nodes > maxNodes) {
    return `The filter has ${survey.nodes} parts, which is more than ${maxNodes}`;
  }
  return survey.depth > maxDepth
    ? `The filter has ${survey.depth} macros within each other, which is more than ${maxDepth}`
    : undefined;
}

function match(
  evaluate: ReturnType<typeof plan>,
  subject: FilterSubject,
): FilterResult {
  const fail = (reason: string): FilterResult => ({
    matches: false,
    reason: reason.slice(0, maxReason),
    failed: true,
  });
  // Errors are values in CEL, one for each field that is missing. With their traces they take ten times as long to make,
  // and still thrice with empty ones, which is what a limit of 0 gives.
  const { stackTraceLimit } = Error;
  Reflect.deleteProperty(Error, 'stackTraceLimit');
  budget.refresh();
  try {
    const result = evaluate(subject.bindings);
    // What the budget cut off may have been taken for something else on the way.
    if (budget.isExhausted) {
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
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
