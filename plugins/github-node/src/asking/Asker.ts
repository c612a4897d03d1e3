import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  readRate,
  type GithubResource,
  type MetLimit,
  type RateBudget,
} from '../budget';
import type {
  CredentialsSource,
  GithubAskedAs,
  GithubCredentials,
  GithubHost,
} from '../credentials';
import { GithubError } from '../GithubError';
import type { GithubTelemetry } from '../GithubTelemetry';
import { classifyAnswer, readMessage } from './classifyAnswer';
import {
  sendRequest,
  type GithubAnswer,
  type GithubRequest,
} from './sendRequest';
import { waitWithin } from './waitWithin';

/** Before it is asked again. Whoever asks knows better what to do about what takes longer. */
const pausesMs = [250, 1_000];

/** What is asked, and how. */
export interface Question<T> extends GithubRequest {
  resource: GithubResource;
  /** Whether it does no harm to ask twice. */
  isRepeatable: boolean;
  signal: AbortSignal | undefined;
  /** Takes out of an answer what was asked for; throws a GithubError if it cannot. */
  read(answer: GithubAnswer, askedAs: GithubAskedAs): T;
}

/**
 * Asks GitHub with the credentials of somebody: within the budget of those, within a time limit, and again if there is no
 * answer.
 */
export class Asker {
  readonly host: GithubHost;
  readonly #source: CredentialsSource;
  readonly #reserve: number;
  readonly #timeLimitMs: number;
  readonly #telemetry: GithubTelemetry;
  readonly #logger: LoggerService;

  /**
   * @param options.reserve - how much of the limit is left to others
   * @param options.timeLimitMs - for one answer, in milliseconds
   */
  constructor(options: {
    host: GithubHost;
    source: CredentialsSource;
    reserve: number;
    timeLimitMs: number;
    telemetry: GithubTelemetry;
    logger: LoggerService;
  }) {
    this.host = options.host;
    this.#source = options.source;
    this.#reserve = options.reserve;
    this.#timeLimitMs = options.timeLimitMs;
    this.#telemetry = options.telemetry;
    this.#logger = options.logger;
  }

  /** @throws GithubError; or the reason of the signal */
  async ask<T>(question: Question<T>): Promise<T> {
    let isTokenNew = false;
    for (let failures = 0; ; ) {
      let credentials: GithubCredentials | undefined;
      try {
        credentials = await this.#source.get(question.signal);
        return await this.#askOnce(question, credentials);
      } catch (error) {
        const { kind, status } = readError(error);
        if (status === 401 && credentials?.forget && !isTokenNew) {
          isTokenNew = true;
          credentials.forget();
        } else if (
          kind === 'unavailable' &&
          failures < pausesMs.length &&
          (question.isRepeatable || !credentials)
        ) {
          this.#logger.debug(`GitHub is asked again: ${error}`);
          await pause(pausesMs[failures], question.signal);
          failures += 1;
        } else {
          throw error;
        }
      }
    }
  }

  async #askOnce<T>(
    question: Question<T>,
    credentials: GithubCredentials,
  ): Promise<T> {
    const { token, budget } = credentials;
    const { resource, signal } = question;
    return budget.slots.use(async () => {
      this.#checkBudget(budget, resource);
      try {
        const answer = await waitWithin(
          { signal, timeLimit: this.#makeTimeLimit(question) },
          whileWanted =>
            sendRequest(this.host.octokit, question, {
              token,
              signal: whileWanted,
            }),
        );
        const found = this.#read(question, answer, credentials);
        this.#telemetry.onAsked(budget.owner, resource, 'answered');
        return found;
      } catch (error) {
        const { kind = 'given up' } = readError(error);
        this.#telemetry.onAsked(budget.owner, resource, kind);
        throw error;
      }
    }, signal);
  }

  #makeTimeLimit(question: GithubRequest) {
    const ms = this.#timeLimitMs;
    return {
      ms,
      describe: () =>
        new GithubError(
          'unavailable',
          `GitHub did not answer ${this.#describe(question)} within ${ms} ms`,
        ),
    };
  }

  #checkBudget(budget: RateBudget, resource: GithubResource): void {
    const retryAfterMs = budget.readWaitMs(resource, this.#reserve);
    if (retryAfterMs > 0) {
      this.#telemetry.onLimited(budget.owner, resource, 'waiting');
      throw new GithubError(
        'limited',
        `The rate limit of GitHub for ${
          this.#source.description
        } (${resource}) is used up${
          this.#reserve > 0 ? ` but for a reserve of ${this.#reserve}` : ''
        }; GitHub is not asked for ${inSeconds(retryAfterMs)}`,
        { retryAfterMs },
      );
    }
  }

  #read<T>(
    question: Question<T>,
    answer: GithubAnswer,
    { kind: askedAs, budget }: GithubCredentials,
  ): T {
    const { resource } = question;
    const { status } = answer;
    const rate = readRate(answer.headers, Date.now(), resource);
    // Whom GitHub does not know it tells the limit of anonymous requests.
    if (rate && status !== 401) {
      budget.noteRate(resource, rate);
    }
    const meaning = classifyAnswer(answer, Date.now(), resource);
    if (meaning.kind === 'limited') {
      throw this.#noteLimit(question, budget, meaning.limit, status);
    }
    const told = `GitHub answered ${status} to ${this.#describe(question)}`;
    if (meaning.kind !== 'answered') {
      const message = readMessage(answer.body);
      throw new GithubError(
        meaning.kind,
        message ? `${told}: ${message}` : told,
        { status },
      );
    }
    if (!isParsed(answer)) {
      throw new GithubError('unavailable', `${told}, but no JSON`, { status });
    }
    budget.noteAnswer();
    return question.read(
      answer.body === '' ? { ...answer, body: undefined } : answer,
      askedAs,
    );
  }

  #noteLimit(
    question: Question<unknown>,
    budget: RateBudget,
    limit: MetLimit,
    status: number,
  ): GithubError {
    const { resource } = question;
    const { isNew, waitMs } = budget.noteLimit(resource, limit);
    this.#telemetry.onLimited(budget.owner, resource, limit.kind);
    const message = `The ${limit.kind} rate limit of GitHub for ${
      this.#source.description
    } (${resource}) is used up`;
    if (isNew) {
      this.#logger.warn(
        `${message}; GitHub is not asked for ${inSeconds(waitMs)}`,
      );
    }
    return new GithubError(
      'limited',
      `${message}: GitHub answered ${status} to ${this.#describe(question)}`,
      { status, retryAfterMs: waitMs },
    );
  }

  #describe({ method, url }: GithubRequest): string {
    const [path] = url.split('?', 1);
    return `${method} ${path} for ${this.#source.description}`;
  }
}

async function pause(ms: number, signal: AbortSignal | undefined) {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    signal?.throwIfAborted();
  }
}

/** What is asked for is always JSON; only an answer that says so without a body may have none. */
function isParsed({ status, body }: GithubAnswer): boolean {
  const isBytes = body instanceof ArrayBuffer;
  return body === '' ? status !== 200 : typeof body !== 'string' && !isBytes;
}

function readError(
  error: unknown,
): Partial<Pick<GithubError, 'kind' | 'status'>> {
  return error instanceof GithubError ? error : {};
}

function inSeconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}
