import { isError } from '@backstage/errors';
import type { Octokit } from '@octokit/core';
import { z } from 'zod';
import type { AnswerHeaders } from '../budget';
import { GithubError } from '../GithubError';
import { fetchWhole, TooLongError } from './fetchWhole';

/** What is asked. */
export interface GithubRequest {
  method: 'GET' | 'POST';
  /** Below the base URL of the API, or whole. */
  url: string;
  body?: unknown;
}

/** What GitHub says, whichever status it has. */
export interface GithubAnswer {
  status: number;
  headers: AnswerHeaders;
  /** Parsed if it is JSON, and text or bytes otherwise; undefined if there is none. */
  body: unknown;
}

/**
 * Sends one request, and reads the answer whole.
 *
 * @param token - of an installation or a user, or that an app has signed
 *
 * @throws GithubError `unavailable` if there is no whole answer, and `malformed` if it is too long
 */
export async function sendRequest(
  octokit: Octokit,
  { method, url, body }: GithubRequest,
  { token, signal }: { token: string; signal: AbortSignal },
): Promise<GithubAnswer> {
  // Octokit keeps little of it.
  let failure: unknown;
  const read: typeof fetchWhole = async (...parameters) => {
    try {
      return await fetchWhole(...parameters);
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  try {
    const { status, headers, data } = await octokit.request({
      method,
      // Octokit would take it for a template.
      url: url.replace(/[{}]/g, encodeURIComponent),
      headers: { authorization: `Bearer ${token}` },
      ...(body !== undefined && { data: body }),
      request: { signal, fetch: read },
    });
    return { status, headers: readHeaders(headers), body: data };
  } catch (error) {
    const answer = readAnswer(error);
    if (answer) {
      return answer;
    }
    const cause = failure ?? error;
    throw cause instanceof TooLongError
      ? new GithubError('malformed', cause.message, { cause })
      : new GithubError(
          'unavailable',
          `GitHub gave no whole answer: ${describe(cause)}`,
          { cause },
        );
  }
}

const answerSchema = z.object({
  status: z.number(),
  response: z.object({
    headers: z.record(z.string(), z.unknown()),
    data: z.unknown(),
  }),
});

/**
 * Takes the answer out of an error of Octokit.
 *
 * @returns undefined if there was none
 */
export function readAnswer(error: unknown): GithubAnswer | undefined {
  const { success, data } = answerSchema.safeParse(error);
  return success
    ? {
        status: data.status,
        headers: readHeaders(data.response.headers),
        body: data.response.data,
      }
    : undefined;
}

function readHeaders(headers: object): AnswerHeaders {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), String(value)]],
    ),
  );
}

/** What went wrong with the connection is in the cause of what went wrong with fetching. */
function describe(error: unknown): string {
  if (!isError(error)) {
    return String(error);
  }
  return isError(error.cause)
    ? `${error.message}: ${describe(error.cause)}`
    : error.message;
}
