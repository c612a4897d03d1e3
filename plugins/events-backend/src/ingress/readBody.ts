import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { InputError } from '@backstage/errors';
import type { BodyShare } from './BodyBudget';
import {
  BodyTimeLimitError,
  PayloadTooLargeError,
  RequestAbortedError,
  UnsupportedContentEncodingError,
} from './errors';

const decoders = new Map([
  ['gzip', createGunzip],
  ['deflate', createInflate],
]);

/**
 * Reads the body of a request whole, decompressed.
 *
 * @remarks
 * `express.raw` has no way to stop it while it gathers, which the budget of all bodies needs. What is refused is read to
 * its end and dropped, because many senders look for an answer only when they have sent everything.
 *
 * @param options.maxBytes - the largest body, after decompression
 * @param options.timeLimitMs - how long it may take to come, in milliseconds: nobody knows yet who sends it, and a few
 * that are held back would keep all others out
 * @param options.share - holds what has arrived; the caller releases it when it is done with the body
 * @returns nothing in it when the request has no body
 */
export async function readBody(
  request: IncomingMessage,
  options: { maxBytes: number; timeLimitMs: number; share: BodyShare },
): Promise<Buffer> {
  try {
    return await gather(request, options);
  } catch (error) {
    // Before the rest has come, which a sender may keep back for minutes.
    options.share.release();
    if (!(error instanceof BodyTimeLimitError)) {
      await drop(request);
    }
    throw error;
  }
}

async function gather(
  request: IncomingMessage,
  { maxBytes, timeLimitMs, share }: Parameters<typeof readBody>[1],
): Promise<Buffer> {
  const encoding = (
    request.headers['content-encoding'] ?? 'identity'
  ).toLowerCase();
  const createDecoder = decoders.get(encoding);
  if (!createDecoder && encoding !== 'identity') {
    throw new UnsupportedContentEncodingError(encoding);
  }
  if (
    !createDecoder &&
    Number(request.headers['content-length'] ?? 0) > maxBytes
  ) {
    throw new PayloadTooLargeError(maxBytes);
  }
  const decoder = createDecoder?.();
  const stream: Readable = decoder ? request.pipe(decoder) : request;
  const chunks: Buffer[] = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const abort = () => reject(new RequestAbortedError());
      timer = setTimeout(() => {
        stream.removeAllListeners('data');
        reject(new BodyTimeLimitError(timeLimitMs));
      }, timeLimitMs);
      if (request.destroyed) {
        abort();
      }
      request.on('error', abort);
      request.once('close', () => request.complete || abort());
      decoder?.on('error', error =>
        reject(new InputError(`The body is not ${encoding}`, error)),
      );
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        try {
          if (bytes > maxBytes) {
            throw new PayloadTooLargeError(maxBytes);
          }
          share.take(chunk.length);
          chunks.push(chunk);
        } catch (error) {
          stream.removeAllListeners('data');
          chunks.length = 0;
          reject(error);
        }
      });
      stream.once('end', resolve);
    });
  } finally {
    clearTimeout(timer);
    if (decoder) {
      request.unpipe(decoder);
      decoder.destroy();
    }
  }
  return Buffer.concat(chunks, bytes);
}

async function drop(request: IncomingMessage): Promise<void> {
  if (!request.destroyed && !request.readableEnded) {
    request.resume();
    await once(request, 'close').catch(() => {});
  }
}
