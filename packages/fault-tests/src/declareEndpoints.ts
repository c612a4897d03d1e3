import type { JsonObject } from '@backstage/types';

/**
 * Makes the configuration `events.webhooks` for receivers on this machine.
 *
 * @param endpoints - by id: what each declares besides its owner and its key
 */
export function declareEndpoints(
  endpoints: Readonly<Record<string, JsonObject>>,
): JsonObject {
  // The same in every process and in every life of it, as in a file.
  const key = `whsec_${Buffer.alloc(32, 'a key of a test').toString('base64')}`;
  return {
    allow: ['127.0.0.0/8'],
    allowHttp: true,
    endpoints: Object.fromEntries(
      Object.entries(endpoints).map(([id, declared]) => [
        id,
        {
          owner: 'group:default/testers',
          secrets: { signing: [key] },
          ...declared,
        },
      ]),
    ),
  };
}
