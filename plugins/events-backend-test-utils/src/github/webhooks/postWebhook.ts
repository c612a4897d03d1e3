import { request as requestHttp, Agent, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { finished } from 'node:stream/promises';

/** What became of a webhook. */
export interface WebhookOutcome {
  /** In words of GitHub's delivery log. */
  status: string;
  statusCode: number;
  durationMs: number;
  response?: { headers: Record<string, string>; body: string };
}

/**
 * Posts a webhook once, without following redirects.
 *
 * @param options.timeoutMs - for all of it, from when there is a connection
 * @param options.endings - what can be called to end it is in there as long as it runs
 *
 * @returns what became of it, also when it failed
 */
export async function postWebhook(options: {
  url: string;
  headers: Record<string, string>;
  body: Buffer;
  timeoutMs: number;
  agent: Agent;
  endings: Set<() => void>;
}): Promise<WebhookOutcome> {
  const { url, headers, body, timeoutMs, agent, endings } = options;
  const startedMs = performance.now();
  const end = (outcome: Omit<WebhookOutcome, 'durationMs'>) => ({
    ...outcome,
    durationMs: performance.now() - startedMs,
  });
  const isTls = new URL(url).protocol === 'https:';
  const request = isTls
    ? requestHttps(url, { method: 'POST', headers })
    : requestHttp(url, { method: 'POST', headers, agent });
  const stop = () => request.destroy();
  endings.add(stop);
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  request.once('socket', () => {
    timer = setTimeout(() => {
      isLate = true;
      stop();
    }, timeoutMs);
  });
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.on('error', reject);
      request.once('close', () => reject(new Error('closed')));
      request.end(body);
    });
    const chunks: Buffer[] = [];
    response.on('data', chunk => chunks.push(chunk));
    await finished(response);
    const statusCode = response.statusCode ?? 0;
    const isOk = statusCode >= 200 && statusCode < 300;
    return end({
      status: isOk ? 'OK' : `Invalid HTTP Response: ${statusCode}`,
      statusCode,
      response: {
        headers: joinHeaders(response.headers),
        body: Buffer.concat(chunks).toString(),
      },
    });
  } catch {
    // Which error it was matters to nobody: GitHub has the same words for all of them.
    return end(
      isLate
        ? { status: 'timed out', statusCode: 504 }
        : { status: 'failed to connect to host', statusCode: 502 },
    );
  } finally {
    endings.delete(stop);
    clearTimeout(timer);
  }
}

function joinHeaders(
  headers: IncomingMessage['headers'],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, String(value)]),
  );
}
