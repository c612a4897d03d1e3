import { randomUUID } from 'node:crypto';
import { makeGithubRequest } from '@callboard/backstage-plugin-events-backend-test-utils';
import examples from '@octokit/webhooks-examples';

/** An answer of an ingress. */
export interface Answer {
  delivery: string;
  /** 0 when there was no answer. */
  status: number;
  retryAfter: string | null;
  durationMs: number;
}

const [push] = examples
  .filter(({ name }) => name === 'push')
  .flatMap(({ examples: payloads }) => payloads);

/** Posts one signed push. */
export async function postPush(url: string, secret: string): Promise<Answer> {
  const delivery = randomUUID();
  const { headers, body } = makeGithubRequest({
    event: 'push',
    payload: push,
    secret,
    delivery,
  });
  const start = performance.now();
  const answer = (status: number, retryAfter: string | null): Answer => ({
    delivery,
    status,
    retryAfter,
    durationMs: performance.now() - start,
  });
  try {
    const response = await fetch(`${url}/api/events/http/github`, {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
    });
    await response.arrayBuffer();
    return answer(response.status, response.headers.get('retry-after'));
  } catch {
    return answer(0, null);
  }
}

/** Posts signed pushes over several connections until it is stopped, and keeps every answer. */
export class PushLoad {
  readonly answers: Answer[] = [];
  readonly #senders: Promise<void>[];
  #stopped = false;

  constructor(url: string, secret: string, senders: number) {
    this.#senders = Array.from({ length: senders }, async () => {
      while (!this.#stopped) {
        const answer = await postPush(url, secret);
        this.answers.push(answer);
        if (answer.status === 0) {
          // Nobody listens; do not spin until somebody does.
          await new Promise(resolve => setTimeout(resolve, 20));
        }
      }
    });
  }

  /** Deliveries that were answered with 202. */
  get accepted(): string[] {
    return this.answers
      .filter(({ status }) => status === 202)
      .map(({ delivery }) => delivery);
  }

  /** Sends no more, and waits for the answers that are under way. */
  async dispose(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#senders);
  }
}
