/** What `Retry-After` says when a request cannot be served now, in seconds. */
export const retryAfterSeconds = 5;
