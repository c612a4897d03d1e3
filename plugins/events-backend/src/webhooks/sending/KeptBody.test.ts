import fc from 'fast-check';
import { KeptBody } from './KeptBody';

function keep(maxBytes: number, chunks: Uint8Array[]): KeptBody {
  const body = new KeptBody(maxBytes);
  chunks.forEach(chunk => body.add(Buffer.from(chunk)));
  return body;
}

describe('a kept body', () => {
  it('is text with what is none replaced, so that every database takes it', () => {
    const body = keep(100, [Buffer.from('a\0b'), Buffer.from([0xff, 0x63])]);
    expect(body.read()).toBe('a\uFFFDb\uFFFDc');
  });

  it('joins characters that came in two chunks', () => {
    const [first, ...rest] = Buffer.from('€');
    expect(keep(100, [Buffer.of(first), Buffer.from(rest)]).read()).toBe('€');
  });

  it('shows that it ended amid a character, unless it was cut there', () => {
    const bytes = Buffer.from('a€').subarray(0, 3);
    expect(keep(3, [bytes]).read()).toBe('a\uFFFD');
    expect(keep(3, [bytes, Buffer.from('b')]).read()).toBe('a');
  });

  it('is the beginning of what came, and cut if there was more', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.array(fc.string()), (maxBytes, texts) => {
        const whole = Buffer.from(texts.join(''));
        const body = keep(
          maxBytes,
          texts.map(text => Buffer.from(text)),
        );
        expect(body.cut).toBe(whole.length > maxBytes);
        expect(body.read()).toBe(whole.subarray(0, maxBytes).toString('utf-8'));
      }),
    );
  });
});
