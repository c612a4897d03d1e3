import * as fc from 'fast-check';

/** An expression of macros within each other. */
export interface Loops {
  expression: string;
  /** How often something is evaluated in its innermost macro. */
  turns: number;
}

/** Something to go through, with the number of its elements. */
interface Range {
  text: string;
  size: number;
}

/** What {@link loopPayload} makes has lists, maps and texts of these sizes, at `list3`, `map3`, `text3` and so on. */
const sizes = [0, 1, 2, 3, 7, 20, 60];

/** The payload that the ranges are of. */
export const loopPayload = Object.fromEntries(
  sizes.flatMap((size): [string, unknown][] => {
    const list = Array.from({ length: size }, (_, index) => index);
    return [
      [`list${size}`, list],
      [`map${size}`, Object.fromEntries(list.map(each => [`k${each}`, each]))],
      [`text${size}`, 'x'.repeat(size)],
    ];
  }),
);

const anyRange = fc
  .constantFrom(...sizes)
  .chain(size =>
    fc.constantFrom<Range>(
      { text: `payload.list${size}`, size },
      { text: `payload.map${size}`, size },
      { text: `payload.text${size}.split('')`, size },
      { text: `[${Array(size).fill('1').join(', ')}]`, size },
      { text: `payload.list${size}.map(x, [x])`, size },
      {
        text: `(payload.list${size} + payload.list${size})`,
        size: 2 * size,
      },
    ),
  )
  .filter(({ text }) => text.length < 100);

/** Wraps a body in a macro that goes through its whole range, whatever the body gives. */
function wrap(body: string, { text }: Range, macro: string, level: number) {
  const name = `v${level}`;
  return macro === 'all'
    ? `${text}.all(${name}, (${body}) || true)`
    : `${text}.${macro}(${name}, ${body}).size() >= 0`;
}

/** Macros up to five deep: up to some hundred million turns. */
export const anyLoops: fc.Arbitrary<Loops> = fc
  .array(fc.tuple(anyRange, fc.constantFrom('all', 'map', 'filter')), {
    minLength: 1,
    maxLength: 5,
  })
  .map(levels =>
    levels.reduce<Loops>(
      ({ expression, turns }, [range, macro], level) => ({
        expression: wrap(expression, range, macro, level),
        turns: turns * range.size,
      }),
      { expression: `payload.list3[0] == 0.0`, turns: 1 },
    ),
  );
