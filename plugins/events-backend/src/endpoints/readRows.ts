import { z } from 'zod';

/** A time or an amount that does not fit into 32 bits: PostgreSQL gives those as text. */
export const bigNumberSchema = z
  .union([z.number(), z.string()])
  .pipe(z.coerce.number());

/** A column of JSON text that holds what the schema says. */
export function jsonOf<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue('must be JSON');
        return z.NEVER;
      }
    })
    .pipe(schema);
}

/** Told of a row that cannot be read, and the endpoint that it belongs to. */
export type OnUnreadable = (endpointId: string, error: unknown) => void;

/** Reads rows, and passes over those that cannot be read, so that one does not take the others down. */
export function readEach<Row, Value>(
  rows: readonly Row[],
  read: (row: Row) => Value,
  endpointIdOf: (row: Row) => string,
  onUnreadable: OnUnreadable,
): Value[] {
  return rows.flatMap(row => {
    try {
      return [read(row)];
    } catch (error) {
      onUnreadable(endpointIdOf(row), error);
      return [];
    }
  });
}
