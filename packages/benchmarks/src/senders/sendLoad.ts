import { Agent } from 'undici';
import type { BareLoad } from './orders';

/**
 * Sends requests as fast as undici can: no log, no signature, nothing that is kept.
 *
 * @returns how many were answered
 * @throws Error when an answer is not 200
 */
export async function sendLoad(load: BareLoad): Promise<number> {
  const { urls, concurrency, headers, seconds } = load;
  const body = Buffer.from(load.body);
  const endMs = performance.now() + seconds * 1e3;
  let sent = 0;
  const send = async (agent: Agent, { origin, pathname }: URL) => {
    while (performance.now() < endMs) {
      const answer = await agent.request({
        origin,
        path: pathname,
        method: 'POST',
        headers: { ...headers },
        body,
      });
      await answer.body.dump();
      if (answer.statusCode !== 200) {
        throw new Error(`${origin}${pathname} answered ${answer.statusCode}`);
      }
      sent += 1;
    }
  };
  const sendTo = async (url: string) => {
    const agent = new Agent({ connections: concurrency, pipelining: 1 });
    try {
      await Promise.all(
        Array.from({ length: concurrency }, () => send(agent, new URL(url))),
      );
    } finally {
      await agent.close();
    }
  };
  await Promise.all(urls.map(sendTo));
  return sent;
}
