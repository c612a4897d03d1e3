import { sign } from 'node:crypto';

/** What was answered. */
export interface AskedAnswer {
  status: number;
  headers: Headers;
  /** Parsed if it is JSON, and text otherwise. */
  body: unknown;
}

/** Asks as a client does that follows no redirects. */
export async function askGithub(
  url: string,
  options: {
    token?: string;
    method?: string;
    headers?: Record<string, string>;
    body?: unknown;
  } = {},
): Promise<AskedAnswer> {
  const { token, method, headers, body } = options;
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text ? JSON.parse(text) : text,
  };
}

/** Signs a token of an app, as for nine minutes. */
export function makeJwt(
  appId: number,
  privateKey: string,
  nowMs: number = Date.now(),
): string {
  const seconds = Math.floor(nowMs / 1000);
  const encode = (part: object) =>
    Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = { iat: seconds - 30, exp: seconds + 540, iss: appId };
  const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), privateKey);
  return `${signed}.${signature.toString('base64url')}`;
}

/** Takes a text out of an answer. */
export function readText(body: unknown, name: string): string {
  const value = new Map(Object.entries(body ?? {})).get(name);
  return String(value);
}
