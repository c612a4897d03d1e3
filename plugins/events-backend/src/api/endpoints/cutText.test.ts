import fc from 'fast-check';
import { cutText } from './cutText';

describe('a text that is cut', () => {
  it('is whole where it fits', () => {
    expect(cutText('häß', 5)).toEqual({ text: 'häß', cut: false });
  });

  it('ends with a whole character', () => {
    expect(cutText('häß', 4)).toEqual({ text: 'hä', cut: true });
    expect(cutText('a\u{1F4CC}', 4)).toEqual({ text: 'a', cut: true });
  });

  it('is a beginning of what it was, within its bytes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.nat({ max: 20 }),
        (whole, maxBytes) => {
          const { text, cut } = cutText(whole, maxBytes);
          expect(whole.startsWith(text)).toBe(true);
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
          expect(cut).toBe(text !== whole);
        },
      ),
    );
  });
});
