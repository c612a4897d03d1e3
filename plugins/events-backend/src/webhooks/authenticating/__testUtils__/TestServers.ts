import {
  WebhookReceiver,
  type ReceivedRequest,
  type ReceiverAnswer,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import {
  endpointAuthSchema,
  type EndpointAuth,
} from '@callboard/backstage-plugin-events-common';
import { createGuard, createGuardedAgent } from '../../guard';
import { sendRequest } from '../../sending';
import {
  createAuthorizer,
  type Authorization,
  type AuthorizerOptions,
} from '../index';

/** With whatever the encodings of forms, of JSON and of headers treat in a way of their own. */
export const clientSecret = 'a secret: ü+%&=/ä';

/** An endpoint that is told to use a server which nobody runs. */
export const unreachable = {
  type: 'oauth2',
  tokenUrl: 'https://server.example.com/token',
  clientId: 's6BhdRkqt3',
  clientAuthentication: 'basic',
} satisfies EndpointAuth;

/** An answer with a body, of JSON unless it is a text. */
export function answer(status: number, body: object | string): ReceiverAnswer {
  return {
    kind: 'answer',
    status,
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

/** Gives the tokens `token-1`, `token-2` and so on. */
export function giveTokens(fields: object = {}): () => ReceiverAnswer {
  let given = 0;
  return () => {
    given += 1;
    return answer(200, {
      access_token: `token-${given}`,
      token_type: 'Bearer',
      expires_in: 3_600,
      ...fields,
    });
  };
}

/** What an authorizer gives that has this token. */
export function bearer(token: string): Authorization {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** Starts receivers and agents, and ends them all. */
export class TestServers {
  readonly #ending: (() => Promise<unknown>)[] = [];

  async end(): Promise<void> {
    for (const end of this.#ending.splice(0).reverse()) {
      await end();
    }
  }

  /** Sends as endpoints do. */
  makeSend(allow: readonly string[]): AuthorizerOptions['send'] {
    const guard = createGuard({ allow, allowHttp: true });
    const dispatcher = createGuardedAgent({ guard });
    this.#ending.push(() => dispatcher.destroy());
    return request => sendRequest({ ...request, dispatcher });
  }

  async startReceiver(
    receiverAnswer:
      | ReceiverAnswer
      | ((request: ReceivedRequest) => ReceiverAnswer),
  ) {
    const receiver = new WebhookReceiver({ answer: receiverAnswer });
    this.#ending.push(() => receiver.stop());
    return { receiver, url: await receiver.start() };
  }

  /** A server of tokens, and an authorizer that asks it, with a clock that a test sets. */
  async startServer(
    serverAnswer: Parameters<TestServers['startReceiver']>[0],
    settings: object = {},
  ) {
    const { receiver: server, url } = await this.startReceiver(serverAnswer);
    const time = { nowMs: 1_000_000 };
    const authorizer = createAuthorizer({
      auth: endpointAuthSchema.parse({
        type: 'oauth2',
        tokenUrl: `${url}/token?tenant=1`,
        clientId: 'callboard:1',
        ...settings,
      }),
      secrets: { clientSecret },
      send: this.makeSend(['127.0.0.1']),
      clock: () => time.nowMs,
    });
    return { server, authorizer, time };
  }
}
