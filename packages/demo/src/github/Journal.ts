import {
  appendFileSync,
  existsSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { z } from 'zod';
import { operationSchema } from '../orders';

const entrySchema = z.strictObject({
  number: z.int(),
  /** When it was done, in milliseconds since the epoch. */
  atMs: z.int(),
  operation: operationSchema,
});
/** Something that was done with a repository. */
export type JournalEntry = z.infer<typeof entrySchema>;

const lineSchema = z.union([
  entrySchema,
  /** Of which one the portal was told. */
  z.strictObject({ told: z.int() }),
]);

/**
 * What was done since the repositories were made, in a file: done again in this order and as of these times, it makes the
 * same GitHub again.
 *
 * @remarks
 * A line is written before anybody is told of it. If the process is killed before the portal has taken the webhooks, the
 * entry is not marked as told.
 */
export class Journal {
  readonly #file: string;
  readonly #entries: readonly JournalEntry[];
  readonly #told: ReadonlySet<number>;
  #lastNumber: number;

  /**
   * Opens a journal, which is begun if it is not there.
   *
   * @throws Error if the file holds something else
   */
  constructor(file: string) {
    this.#file = file;
    const lines = readLines(file);
    this.#entries = lines.flatMap(line => ('operation' in line ? line : []));
    this.#told = new Set(
      lines.flatMap(line => ('told' in line ? line.told : [])),
    );
    this.#lastNumber = Math.max(0, ...this.#entries.map(each => each.number));
  }

  /** As it was opened. */
  list(): { entry: JournalEntry; isTold: boolean }[] {
    return this.#entries.map(entry => ({
      entry,
      isTold: this.#told.has(entry.number),
    }));
  }

  /** @returns the number of the entry */
  add(entry: Omit<JournalEntry, 'number'>): number {
    this.#lastNumber += 1;
    this.#append({ number: this.#lastNumber, ...entry });
    return this.#lastNumber;
  }

  /** Marks an entry: the portal knows of it. */
  markTold(number: number): void {
    this.#append({ told: number });
  }

  #append(line: z.infer<typeof lineSchema>): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** Reads whole lines, and cuts off what a killed process has begun. */
function readLines(file: string): z.infer<typeof lineSchema>[] {
  const text = existsSync(file) ? readFileSync(file, 'utf-8') : '';
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole !== text) {
    writeFileSync(`${file}.new`, whole);
    renameSync(`${file}.new`, file);
  }
  return whole
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const parsed = lineSchema.safeParse(parseJson(line));
      if (!parsed.success) {
        throw new Error(
          `${file} is no journal of the demo: remove it to begin afresh`,
        );
      }
      return parsed.data;
    });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
