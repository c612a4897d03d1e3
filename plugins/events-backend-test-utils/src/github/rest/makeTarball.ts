import { gzipSync } from 'node:zlib';
import { listFiles, type GitCommit } from '../model/gitObjects';

const blockBytes = 512;

/** A name that is longer does not fit into a header. */
const maxNameBytes = 100;

/**
 * Packs all files of a commit, with gzip.
 *
 * @param folder - in which everything is
 *
 * @see https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
 */
export function makeTarball(
  { tree, seconds }: GitCommit,
  folder: string,
): Buffer {
  const parts = [makeEntry(`${folder}/`, '5', Buffer.alloc(0), seconds)];
  for (const [path, { content }] of listFiles(tree)) {
    const name = `${folder}/${path}`;
    if (Buffer.byteLength(name) > maxNameBytes) {
      parts.push(makeEntry('pax', 'x', makeNameRecord(name), seconds));
    }
    parts.push(makeEntry(name, '0', content, seconds));
  }
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]));
}

/** A header of one block, and the content filled up to whole blocks. */
function makeEntry(
  name: string,
  type: '0' | '5' | 'x',
  content: Buffer,
  seconds: number,
): Buffer {
  const header = Buffer.alloc(blockBytes);
  const octal = (number: number, digits: number) =>
    `${number.toString(8).padStart(digits, '0')}\0`;
  header.set(Buffer.from(name).subarray(0, maxNameBytes));
  header.write(octal(type === '5' ? 0o775 : 0o664, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(content.length, 11), 124);
  header.write(octal(seconds, 11), 136);
  header.write(' '.repeat(8), 148);
  header.write(type, 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const filled = Math.ceil(content.length / blockBytes) * blockBytes;
  return Buffer.concat([header, content], blockBytes + filled);
}

/** A record says its own length, the digits of that included. */
function makeNameRecord(name: string): Buffer {
  const rest = ` path=${name}\n`;
  const bytes = Buffer.byteLength(rest);
  const digits = String(bytes + String(bytes).length).length;
  return Buffer.from(`${bytes + digits}${rest}`);
}
