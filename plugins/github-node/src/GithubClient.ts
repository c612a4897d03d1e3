import { z, type ZodType } from 'zod';
import type { Asker } from './asking/Asker';
import {
  classifyQueryErrors,
  isInterrupted,
  type GithubQueryError,
} from './asking/classifyQueryErrors';
import { readNext } from './asking/readNext';
import type { GithubAnswer } from './asking/sendRequest';
import type { GithubAskedAs } from './credentials';
import { GithubError } from './GithubError';

/**
 * Asks one GitHub as somebody: an installation of an app, a user, or an app itself.
 *
 * Each request is given up after 30 seconds, and not more than ten are under way at once with the same credentials.
 * What got no whole answer is asked twice more within two seconds, unless it is a `post`. Once a rate limit is met, GitHub
 * is not asked until that is over.
 *
 * All methods throw {@link GithubError}; or the reason of `signal` once that is aborted.
 *
 * @public
 */
export class GithubClient {
  readonly #asker: Asker;

  /** @internal */
  constructor(asker: Asker) {
    this.#asker = asker;
  }

  /**
   * Queries GraphQL. Only for queries: it may be asked twice.
   *
   * @param options.schema - of `data`; let it allow null for what may be missing
   *
   * @returns data, and errors about parts of it: a node that is not there is null, with an error of the type `NOT_FOUND`;
   *   and as whom it was asked. As `token`, what an app of the owner would see may be not there
   *
   * @throws GithubError if there is no data, if it does not fit the schema, or if nulls in it may mean that GitHub was
   *   interrupted
   */
  async query<T>(options: {
    query: string;
    variables: Record<string, unknown>;
    schema: ZodType<T>;
    signal?: AbortSignal;
  }): Promise<{
    data: T;
    errors: GithubQueryError[];
    askedAs: GithubAskedAs;
  }> {
    const { query, variables, schema, signal } = options;
    return this.#asker.ask({
      resource: 'graphql',
      method: 'POST',
      url: this.#asker.host.graphqlUrl,
      body: { query, variables },
      isRepeatable: true,
      signal,
      read: (answer, askedAs) => ({
        ...readQueryAnswer(answer, schema),
        askedAs,
      }),
    });
  }

  /**
   * Gets something of the REST API.
   *
   * @param options.path - below the base URL of the API, such as `/repos/acme/site`, with its parts encoded; it may have a
   *   query, as `next` has
   * @param options.parameters - of the query, besides; those that are undefined are left out
   * @param options.schema - of the body; given undefined when there is none
   *
   * @returns with `next`, the path of the next page, if there is one
   */
  async get<T>(options: {
    path: string;
    parameters?: Record<string, string | number | undefined>;
    schema: ZodType<T>;
    signal?: AbortSignal;
  }): Promise<{ data: T; next: string | undefined }> {
    const { path, parameters, schema, signal } = options;
    return this.#asker.ask({
      resource: 'core',
      method: 'GET',
      url: addParameters(path, parameters),
      isRepeatable: true,
      signal,
      read: ({ status, headers, body }) => ({
        data: check(schema, body, status),
        next: readNext(headers.link, this.#asker.host.baseUrl),
      }),
    });
  }

  /**
   * Posts something to the REST API. It is asked once, since it may have been done although there was no answer.
   *
   * @param options.path - as for `get`
   * @param options.body - sent as JSON
   * @param options.schema - of the answer; given undefined when it is empty
   */
  async post<T>(options: {
    path: string;
    body?: unknown;
    schema: ZodType<T>;
    signal?: AbortSignal;
  }): Promise<T> {
    const { path, body, schema, signal } = options;
    return this.#asker.ask({
      resource: 'core',
      method: 'POST',
      url: checkPath(path),
      body,
      isRepeatable: false,
      signal,
      read: answer => check(schema, answer.body, answer.status),
    });
  }
}

function addParameters(
  path: string,
  parameters: Record<string, string | number | undefined> = {},
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) {
      query.set(name, String(value));
    }
  }
  const separator = path.includes('?') ? '&' : '?';
  return query.size > 0
    ? `${checkPath(path)}${separator}${query}`
    : checkPath(path);
}

/** Another host must not be given the token. */
function checkPath(path: string): string {
  if (!/^\/(?!\/)/.test(path)) {
    throw new GithubError(
      'refused',
      `"${path}" is no path of the API of GitHub; it must begin with one slash`,
    );
  }
  return path;
}

function check<T>(schema: ZodType<T>, value: unknown, status: number): T {
  const { success, data, error } = schema.safeParse(value);
  if (!success) {
    throw new GithubError(
      'malformed',
      `The answer of GitHub is not what was expected: ${z.prettifyError(
        error,
      )}`,
      { status, cause: error },
    );
  }
  return data;
}

const queryAnswerSchema = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(
      z.object({
        type: z.string().optional(),
        path: z.array(z.union([z.string(), z.number()])).nullish(),
        message: z.string(),
      }),
    )
    .nullish(),
});

function readQueryAnswer<T>(
  { body, status }: GithubAnswer,
  schema: ZodType<T>,
): { data: T; errors: GithubQueryError[] } {
  const answer = check(queryAnswerSchema, body, status);
  const errors = (answer.errors ?? []).map(({ type, path, message }) => ({
    type,
    path: path ?? [],
    message,
  }));
  const fail = (kind: GithubError['kind']) =>
    new GithubError(
      kind,
      `GitHub could not answer the query: ${listErrors(errors)}`,
      { status },
    );
  if (isInterrupted(errors)) {
    throw fail('unavailable');
  }
  const hasData = answer.data !== undefined && answer.data !== null;
  const isExplained = errors.length > 0;
  const { success, data } = schema.safeParse(answer.data);
  if (success && hasData) {
    return { data, errors };
  }
  if (isExplained) {
    throw fail(classifyQueryErrors(errors));
  }
  return { data: check(schema, answer.data, status), errors };
}

function listErrors(errors: readonly GithubQueryError[]): string {
  const told = errors
    .slice(0, 3)
    .map(({ type, message }) => (type ? `${type}: ${message}` : message));
  const more = errors.length - told.length;
  return `${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
