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
