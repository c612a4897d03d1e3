import { z } from 'zod';

/** Where a server is, and what lets the commands in. */
export interface ServerAccess {
  url: string;
  token: string;
}

/** Why something is not done. */
const refusalSchema = z.object({ message: z.string() });

/**
 * Asks a server of the demo.
 *
 * @param options.body - makes it a POST
 * @returns the answer; undefined if there is nothing
 * @throws Error that says what to do
 */
export async function askServer<T>(
  { url, token }: ServerAccess,
  path: string,
  options: { schema: z.ZodType<T>; body?: object },
): Promise<T | undefined> {
  const { schema, body } = options;
  const response = await send(`${url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
    },
    body: body && JSON.stringify(body),
  });
  if (response.status === 404) {
    return undefined;
  }
  const text = await response.text();
  if (response.status === 409) {
    throw new Error(refusalSchema.parse(JSON.parse(text)).message);
  }
  if (!response.ok) {
    throw new Error(`${url}${path} answers ${response.status}: ${text}`);
  }
  return schema.parse(text === '' ? undefined : JSON.parse(text));
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw new Error(
      `${
        new URL(url).origin
      } does not answer; run npm start -- --demo first, in another terminal`,
      { cause: error },
    );
  }
}
