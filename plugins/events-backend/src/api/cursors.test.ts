import { InputError } from '@backstage/errors';
import fc from 'fast-check';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from './cursors';

const shape = z.tuple([z.int(), z.string()]);

describe('cursors', () => {
  it('lead back to the place they were made of', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.string(), (position, id) => {
        const cursor = encodeCursor([position, id]);
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(decodeCursor(cursor, shape)).toEqual([position, id]);
      }),
    );
  });

  it('are refused when they are not ours', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        expect(() => decodeCursor(text, shape)).toThrow(InputError);
      }),
    );
  });

  it('are refused when they are of another list', () => {
    expect(() => decodeCursor(encodeCursor([1]), shape)).toThrow(
      /nextCursor of a page/,
    );
  });
});
