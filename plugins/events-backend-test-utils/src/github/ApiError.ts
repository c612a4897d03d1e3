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
