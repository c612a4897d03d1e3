import type { IncomingMessage, ServerResponse } from 'node:http';
import { InputError } from '@backstage/errors';
import { WebhookVerifier } from '@callboard/webhook-verifier';
import { nowUs } from '../portals/clock';
import { Tallies } from '../portals/Tallies';
import type { Answered, Behaviour, ReceivedRequest } from './orders';

const slowMs = 14_000;

interface Place {
  behaviour: Behaviour;
  answered: Answered;
}

/**
 * Answers requests, and counts them for each path. It does as little as a receiver can, so that the sender is measured: all
 * but a few bodies are read and forgotten.
 */
export class Requests {
  readonly tallies = new Tallies();
  readonly #lookIntoOneOf: number;
  readonly #verifier: WebhookVerifier;
  readonly #places = new Map<string, Place>();
  #requests = 0;
  #sample: ReceivedRequest | undefined;
  /** Answers that are held back; undefined when none is. */
  #held: (() => void)[] | undefined;

  constructor(options: { secret: string; lookIntoOneOf: number }) {
    this.#lookIntoOneOf = options.lookIntoOneOf;
    this.#verifier = new WebhookVerifier({ keys: options.secret });
  }

  /** A request has come, up to its headers. */
  take(request: IncomingMessage, response: ServerResponse): void {
    const arrivedAtUs = nowUs();
    const path = request.url ?? '/';
    const place = this.#find(path);
    this.#requests += 1;
    const answer = () => this.#answer(place, response);
    if (this.#requests % this.#lookIntoOneOf === 0) {
      const chunks: Buffer[] = [];
      request.on('data', chunk => chunks.push(chunk));
      request.on('end', () => {
        this.#lookInto(place, path, arrivedAtUs, {
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
        });
        answer();
      });
    } else {
      request.on('end', answer);
      request.resume();
    }
  }

  behave(path: string, behaviour: Behaviour): void {
    this.#find(path).behaviour = behaviour;
  }

  /** Answers nobody from now on. */
  hold(): void {
    this.#held ??= [];
  }

  /** Answers whoever waits, and everybody from now on. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    held.forEach(answer => answer());
  }

  /** What some paths have answered, together. */
  readAnswered(paths: readonly string[]): Answered {
    const all = paths.map(path => this.#find(path).answered);
    return {
      answers: all.reduce((sum, { answers }) => sum + answers, 0),
      wrong: all.reduce((sum, { wrong }) => sum + wrong, 0),
      lastAtUs: Math.max(...all.map(({ lastAtUs }) => lastAtUs)),
    };
  }

  /** Begins to count anew. */
  forget(): void {
    for (const place of this.#places.values()) {
      place.answered = newAnswered();
    }
  }

  /** @throws InputError when no request was looked into yet */
  readSample(): ReceivedRequest {
    if (!this.#sample) {
      throw new InputError('No request was looked into yet');
    }
    return this.#sample;
  }

  #find(path: string): Place {
    let place = this.#places.get(path);
    if (!place) {
      place = { behaviour: 'at once', answered: newAnswered() };
      this.#places.set(path, place);
    }
    return place;
  }

  #lookInto(
    place: Place,
    path: string,
    arrivedAtUs: number,
    request: ReceivedRequest,
  ): void {
    try {
      this.#verifier.verify(request);
    } catch {
      place.answered.wrong += 1;
      return;
    }
    this.#sample = request;
    this.tallies.count(path, JSON.parse(request.body), arrivedAtUs);
  }

  #answer(place: Place, response: ServerResponse): void {
    const end = () => {
      response.end();
      place.answered.answers += 1;
      place.answered.lastAtUs = nowUs();
    };
    if (place.behaviour === 'after 14 s') {
      setTimeout(end, slowMs);
    } else if (this.#held) {
      this.#held.push(end);
    } else {
      end();
    }
  }
}

const newAnswered = (): Answered => ({ answers: 0, wrong: 0, lastAtUs: 0 });
