import {
  WebhookReceiver,
  type ReceivedRequest,
  type ReceiverAnswer,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { z } from 'zod';
import type { Handling } from './judge';
import { judgeArrivals, type EndpointVerdict } from './judgeArrivals';
import { waitUntil } from './ReplicaGroup';
import { readMachineMs, type PublishingRecord } from './replicaProtocol';

/** How an endpoint answers one request. */
export interface EndpointAnswer {
  status: number;
  /** How long that takes, in milliseconds. */
  afterMs?: number;
}

const messageSchema = z.object({
  eventPayload: z.object({ key: z.string(), sequence: z.int() }),
});

/** Receives webhooks in the process of the test, which nobody kills, and keeps what arrived as attempts at a handler. */
export class EndpointRecorder {
  readonly name: string;
  readonly url: string;
  readonly #receiver: WebhookReceiver;
  readonly #answer: () => EndpointAnswer;
  readonly #arrivals: Handling[] = [];
  readonly #counts = new Map<string, number>();
  readonly #taken = new Set<string>();

  /**
   * Opens a port.
   *
   * @param answer - asked for each request
   */
  static async create(
    name: string,
    answer: () => EndpointAnswer = () => ({ status: 200 }),
  ): Promise<EndpointRecorder> {
    const receiver = new WebhookReceiver();
    return new EndpointRecorder(name, await receiver.start(), receiver, answer);
  }

  private constructor(
    name: string,
    url: string,
    receiver: WebhookReceiver,
    answer: () => EndpointAnswer,
  ) {
    this.name = name;
    this.url = url;
    this.#receiver = receiver;
    this.#answer = answer;
    receiver.answerWith(request => this.#receive(request));
  }

  /** What arrived so far, in order. */
  get arrivals(): readonly Handling[] {
    return this.#arrivals;
  }

  /** How many events were answered with 2xx so far. */
  get takenCount(): number {
    return this.#taken.size;
  }

  /** Resolves when so many events are taken. */
  async waitForTaken(count: number): Promise<void> {
    await waitUntil(
      () => this.takenCount >= count,
      () => `${this.name} has taken ${this.takenCount} of ${count} events`,
    );
  }

  /** What became of the events that were published. */
  judge(acknowledged: readonly PublishingRecord[]): EndpointVerdict {
    return judgeArrivals(acknowledged, this.#arrivals);
  }

  /** Closes the port and all connections. */
  async dispose(): Promise<void> {
    await this.#receiver.stop();
  }

  #receive({ headers, body, closed }: ReceivedRequest): ReceiverAnswer {
    const { eventPayload } = messageSchema.parse(JSON.parse(body.toString()));
    const id = String(headers['webhook-id']);
    const attempt = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.set(id, attempt);
    const arrival: Handling = {
      replica: this.name,
      id,
      ...eventPayload,
      attempt,
      outcome: undefined,
      beginMs: readMachineMs(),
      endMs: undefined,
    };
    this.#arrivals.push(arrival);
    const { status, afterMs = 0 } = this.#answer();
    const end = () => {
      const isTaken = status >= 200 && status < 300;
      arrival.outcome = isTaken ? 'end' : 'failed';
      arrival.endMs = readMachineMs();
      if (isTaken) {
        this.#taken.add(id);
      }
    };
    if (afterMs === 0) {
      end();
    } else {
      // Before that of the receiver, which takes as long: nobody has the answer before it is noted.
      const timer = setTimeout(end, afterMs);
      closed.then(() => clearTimeout(timer));
    }
    return { kind: 'answer', status, afterMs };
  }
}
