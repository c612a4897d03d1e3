import type { IncomingHttpHeaders } from 'node:http';
import type { Receiver } from '../receivers/Receiver';
import type { BareSender } from '../senders/BareSender';
import type { SendingRate } from './drainBacklog';

/** What undici writes by itself. */
const connectionHeaders = new Set([
  'connection',
  'content-length',
  'host',
  'transfer-encoding',
]);

/** Has undici alone send the last request that the receiver has looked into, again and again. */
export async function sendBare(
  sender: BareSender,
  receiver: Receiver,
  options: { paths: readonly string[]; concurrency: number; seconds: number },
): Promise<SendingRate> {
  const { paths, ...others } = options;
  const { headers, body } = await receiver.order('sample', null);
  const { sent, seconds, cpuMs } = await sender.send({
    urls: paths.map(path => `${receiver.url}${path}`),
    headers: selectHeaders(headers),
    body,
    ...others,
  });
  return { rate: sent / seconds, cpuMs: cpuMs / sent };
}

function selectHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' && !connectionHeaders.has(name)
        ? [[name, value]]
        : [],
    ),
  );
}
