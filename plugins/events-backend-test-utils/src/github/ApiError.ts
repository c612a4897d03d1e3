/** A request that is refused, as GitHub refuses it. */
export class ApiError extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** The fields of the body beside the message. */
  readonly fields: Record<string, unknown>;

  constructor(
    status: number,
    message: string,
    more: {
      headers?: Record<string, string>;
      fields?: Record<string, unknown>;
    } = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.headers = more.headers ?? {};
    this.fields = more.fields ?? {};
  }
}

/** What somebody may not see is not there. */
export function notFound(): ApiError {
  return new ApiError(404, 'Not Found');
}

/** A suspended installation gets no tokens, and those that it has are refused. */
export function suspended(): ApiError {
  return new ApiError(403, 'This installation has been suspended', {
    fields: {
      documentation_url:
        'https://docs.github.com/rest/reference/apps#create-an-installation-access-token-for-an-app',
    },
  });
}
