import { z } from 'zod';

/** One attempt of GitHub to deliver a webhook. */
export interface HookDelivery {
  id: number;
  /** The same for all attempts: the `X-GitHub-Delivery` of the webhook. */
  guid: string;
  /** By the clock of GitHub, in milliseconds since the epoch. */
  deliveredMs: number;
  isRedelivery: boolean;
  /** Whether the receiver has answered 2xx. */
  isSuccessful: boolean;
  event: string;
}

/** What was, or was to be, delivered. */
export interface WholeDelivery {
  /** Where it was sent; undefined if GitHub does not say. */
  url: string | undefined;
  event: string;
  headers: Record<string, string>;
  /** Undefined if GitHub does not have it any more. */
  payload: object | undefined;
}

const deliverySchema = z
  .object({
    id: z.int(),
    guid: z.string().min(1).max(255),
    delivered_at: z.iso.datetime({ offset: true }),
    redelivery: z.boolean(),
    status_code: z.number(),
    event: z.string(),
  })
  .transform(
    (delivery): HookDelivery => ({
      id: delivery.id,
      guid: delivery.guid,
      deliveredMs: Date.parse(delivery.delivered_at),
      isRedelivery: delivery.redelivery,
      isSuccessful: delivery.status_code >= 200 && delivery.status_code < 300,
      event: delivery.event,
    }),
  );

/**
 * A page of the log of deliveries, the newest first, without those that are not like what GitHub documents.
 *
 * @see https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
 */
export const deliveryPageSchema = z
  .array(z.unknown())
  .transform(page =>
    page.flatMap(each => deliverySchema.safeParse(each).data ?? []),
  );

/** @see https://docs.github.com/en/rest/apps/webhooks#get-a-delivery-for-an-app-webhook */
export const wholeDeliverySchema = z
  .object({
    url: z.string().nullish(),
    event: z.string(),
    request: z.object({
      headers: z.record(z.string(), z.coerce.string()).nullish(),
      payload: z.looseObject({}).nullish(),
    }),
  })
  .transform(
    ({ url, event, request: { headers, payload } }): WholeDelivery => ({
      url: url ?? undefined,
      event,
      headers: headers ?? {},
      payload: payload ?? undefined,
    }),
  );
