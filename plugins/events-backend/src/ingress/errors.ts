import { CustomErrorBase } from '@backstage/errors';

/** Answered with 415: nothing reads this charset. */
export class UnsupportedCharsetError extends CustomErrorBase {
  name = 'UnsupportedCharsetError' as const;
  readonly statusCode = 415;

  constructor(charset: string) {
    super(`Unsupported charset: ${charset}`);
  }
}

/** Answered with 415: no body parser is there for this content type. */
export class UnsupportedMediaTypeError extends CustomErrorBase {
  name = 'UnsupportedMediaTypeError' as const;
  readonly statusCode = 415;

  constructor(mediaType: string | undefined) {
    super(
      `Unsupported media type: ${
        mediaType ?? 'none given'
      }. Send application/json, or add a body parser for the media type to the events backend with eventsExtensionPoint.addHttpPostBodyParser`,
    );
  }
}

/** Answered with 415: the body is compressed in a way that nothing here reads. */
export class UnsupportedContentEncodingError extends CustomErrorBase {
  name = 'UnsupportedContentEncodingError' as const;
  readonly statusCode = 415;

  constructor(encoding: string) {
    super(
      `Unsupported content encoding: ${encoding}. Send the body as it is, or as gzip or deflate`,
    );
  }
}

/** Answered with 413. */
export class PayloadTooLargeError extends CustomErrorBase {
  name = 'PayloadTooLargeError' as const;
  readonly statusCode = 413;

  constructor(maxBytes: number) {
    super(
      `The body is larger than ${maxBytes} bytes (events.http.maxBodyBytes)`,
    );
  }
}

/** The sender left before its body was whole; nobody is there to read the answer. */
export class RequestAbortedError extends CustomErrorBase {
  name = 'RequestAbortedError' as const;
  readonly statusCode = 400;

  constructor() {
    super('The request was aborted before its body was whole');
  }
}

/** Answered with 408: a body that is never whole must not be held. */
export class BodyTimeLimitError extends CustomErrorBase {
  name = 'BodyTimeLimitError' as const;
  readonly statusCode = 408;

  constructor(limitMs: number) {
    super(`The body was not whole within ${limitMs} ms`);
  }
}
