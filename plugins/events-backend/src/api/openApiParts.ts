import type { z } from 'zod';
import { refusal, toSchema } from '../model/openApi';

/** Parameters of a route that takes one of some sets of them; the last word on a parameter is that of the last set. */
export function toQueryParameters(...schemas: z.ZodType[]) {
  const properties = Object.assign(
    {},
    ...schemas.map(schema => toSchema(schema, 'input').properties),
  );
  return Object.entries<object>(properties).map(([name, property]) => ({
    name,
    in: 'query',
    required: false,
    schema: property,
  }));
}

/** What any route may be answered with. */
export const refusals = {
  400: refusal('The request is not valid'),
  401: refusal('No credentials'),
  403: refusal('The permission is missing'),
  503: refusal(
    'The events database is away or busy; Retry-After says when to try again',
  ),
};

/** What a route that takes a body may be answered with as well. */
export const tooLarge = {
  413: refusal('The body is larger than the route takes'),
};
