import { stringifyError } from '@backstage/errors';
import { classifyAnswer } from '../asking/classifyAnswer';
import { readAnswer } from '../asking/sendRequest';
import type { RateBudget } from '../budget';
import { GithubError } from '../GithubError';

/**
 * Says why there are no credentials, and notes it if a limit was met.
 *
 * @param error - of Backstage or Octokit; those of requests have a status, which is 500 for those without an answer
 * @param description - whose credentials they would be
 * @param budget - of the app that was to make them
 */
export function explainRefusal(
  error: unknown,
  description: string,
  budget: RateBudget,
): GithubError {
  if (error instanceof GithubError) {
    return error;
  }
  const what = `There are no credentials of ${description}`;
  const answer = readAnswer(error);
  if (!answer) {
    return isRequestError(error)
      ? new GithubError(
          'unavailable',
          `GitHub could not be asked for credentials of ${description}: GitHub gave no whole answer: ${stringifyError(
            error,
          )}; see whether apiBaseUrl of integrations.github[] can be reached`,
          { cause: error },
        )
      : new GithubError(
          'refused',
          `${what}: ${stringifyError(error)}. ${remedy}`,
          { cause: error },
        );
  }
  const { status } = answer;
  const meaning = classifyAnswer(answer, Date.now(), 'core');
  const options = { status, cause: error };
  switch (meaning.kind) {
    case 'unavailable':
      return new GithubError('unavailable', `${what}: ${error}`, options);
    case 'limited': {
      const { waitMs } = budget.noteLimit('core', meaning.limit);
      return new GithubError(
        'limited',
        `${what}: the rate limit of the app is used up`,
        { ...options, retryAfterMs: waitMs },
      );
    }
    default:
      return new GithubError(
        'refused',
        `${what}: ${stringifyError(error)}. ${remedy}`,
        options,
      );
  }
}

const remedy =
  'See that the app of integrations.github[].apps[] is installed there and not suspended, and that its appId and privateKey belong together';

function isRequestError(error: unknown): boolean {
  return error instanceof Error && error.name === 'HttpError';
}
