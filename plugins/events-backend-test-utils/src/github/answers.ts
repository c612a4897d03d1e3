import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from './ApiError';

/** What is to be sent. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** Bytes are sent as they are, nothing without a body, and everything else as JSON. */
export function renderAnswer(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Answer {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'x-github-media-type': 'github.v3; format=json',
      'x-github-request-id': randomBytes(10).toString('hex').toUpperCase(),
      ...headers,
    },
    body: renderBody(body),
  };
}

function renderBody(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) {
    return body;
  }
  return Buffer.from(body === undefined ? '' : JSON.stringify(body));
}

/** What refuses says so itself; anything else is a defect of this GitHub, and 500. */
export function renderFailure(error: unknown): Answer {
  if (!(error instanceof ApiError)) {
    return renderAnswer(500, { message: String(error) });
  }
  const { status, message, headers, fields } = error;
  return renderAnswer(
    status,
    {
      message,
      documentation_url: 'https://docs.github.com/rest',
      status: String(status),
      ...fields,
    },
    headers,
  );
}

/** Gives an answer a tag, and answers 304 to whoever has that tag. */
export function withEtag(
  answer: Answer,
  { 'if-none-match': known }: IncomingHttpHeaders,
): Answer {
  const digest = createHash('sha256').update(answer.body).digest('hex');
  const headers = { ...answer.headers, etag: `W/"${digest}"` };
  return known?.includes(digest)
    ? { status: 304, headers, body: Buffer.alloc(0) }
    : { ...answer, headers };
}
