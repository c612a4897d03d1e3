import type { Entity } from '@backstage/catalog-model';
import { z } from 'zod';

const entitySchema = z.custom<Entity>(
  value => typeof value === 'object' && value !== null,
);

/** What the provider of `catalogPortal.ts` is told. */
export const provideRequestSchema = z.object({
  type: z.enum(['full', 'delta']),
  added: z.array(entitySchema).default([]),
  /** References of entities. */
  removed: z.array(z.string()).default([]),
});
