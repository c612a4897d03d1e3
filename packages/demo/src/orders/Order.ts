import { z } from 'zod';

/** Where the demo's GitHub takes orders. No account can have a name that begins like this. */
export const ordersPath = '/_demo/orders';

/** A name in the organization, or owner and name. */
const repository = z.string().min(1).max(140);

/** What somebody can do with a repository of the demo. */
export const operationSchema = z.discriminatedUnion('kind', [
  /** Pushes another description to the catalog file. */
  z.strictObject({
    kind: z.literal('describe'),
    repository,
    description: z.string().min(1).max(500),
  }),
  /** Pushes the catalog file as it was before the last commit. */
  z.strictObject({ kind: z.literal('revert'), repository }),
  z.strictObject({
    kind: z.literal('rename'),
    repository,
    name: z
      .string()
      .regex(/^[\w.-]{1,100}$/, 'must be a name of a repository at GitHub'),
  }),
  z.strictObject({ kind: z.literal('archive'), repository }),
  z.strictObject({ kind: z.literal('unarchive'), repository }),
  z.strictObject({
    kind: z.literal('transfer'),
    repository,
    /** The login of its new owner. */
    owner: z.string().min(1).max(40),
  }),
]);
export type Operation = z.infer<typeof operationSchema>;

/** What is asked of the demo's GitHub. */
export const orderSchema = z.strictObject({
  operation: operationSchema,
  /** Whether the webhooks fail on their way: the delivery log has them, and the portal does not. */
  isLost: z.boolean().default(false),
});
export type Order = z.infer<typeof orderSchema>;

/** What became of it. */
export const outcomeSchema = z.object({
  repository: z.object({
    id: z.int(),
    fullName: z.string(),
    url: z.string(),
    /** Its newest commit. */
    head: z.object({ oid: z.string(), message: z.string() }),
  }),
  /** What the catalog file says. */
  component: z.object({ name: z.string(), description: z.string() }),
  webhooks: z.array(
    z.object({
      /** Its `X-GitHub-Delivery`. */
      guid: z.string(),
      event: z.string(),
      /** `OK`, or what went wrong. */
      status: z.string(),
      /** What the portal answered. */
      statusCode: z.int(),
    }),
  ),
});
export type Outcome = z.infer<typeof outcomeSchema>;
