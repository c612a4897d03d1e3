import { InputError } from '@backstage/errors';
import type { HttpBodyParser } from '@backstage/plugin-events-node';
import { UnsupportedCharsetError } from './errors';

/**
 * The built-in body parser, for `application/json`.
 *
 * @throws UnsupportedCharsetError for a charset that holds no text
 * @throws InputError when the body is not text of its charset, or not JSON
 */
export const parseJsonBody: HttpBodyParser = async (request, mediaType) => {
  const bodyBuffer: unknown = request.body;
  if (!Buffer.isBuffer(bodyBuffer)) {
    throw new InputError('The request has no body');
  }
  const encoding = (mediaType.parameters.charset ?? 'utf-8').toLowerCase();
  const text = decode(bodyBuffer, encoding);
  try {
    return { bodyParsed: JSON.parse(text), bodyBuffer, encoding };
  } catch {
    // The parser's message quotes the body, which may hold a secret.
    throw new InputError('The body is not valid JSON');
  }
};

function decode(body: Buffer, charset: string): string {
  if (!Buffer.isEncoding(charset)) {
    throw new UnsupportedCharsetError(charset);
  }
  let decoder: TextDecoder;
  try {
    // Knows text only, unlike Buffer, to which 'hex' and 'base64' are encodings too.
    decoder = new TextDecoder(charset, { fatal: true });
  } catch {
    throw new UnsupportedCharsetError(charset);
  }
  try {
    return decoder.decode(body);
  } catch {
    throw new InputError(`The body is not valid ${charset}`);
  }
}
