import type { IncomingHttpHeaders } from 'node:http';
import { renderAnswer, renderFailure, withEtag, type Answer } from './answers';
import { ApiError } from './ApiError';
import type { GithubFaults } from './GithubFaults';
import { answerGraphql } from './graphql/answerGraphql';
import type { GithubParts } from './parts';
import { renderRateLimitHeaders, type GithubResource } from './RateLimits';
import type { ReadReplica } from './ReadReplica';
import type { RequestCounter } from './RequestCounter';
import { matchRest, type MatchedRest } from './rest/answerRest';
import type { Viewer } from './viewers';

/** A request that was read to its end. */
export interface ReadRequest {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const graphqlPath = '/api/graphql';
const restPath = '/api/v3';

/** What an app asks about itself, and what all ask about the limits. */
const ofApps = /^\/(app|rate_limit)(\/|$)|\/installation$/;

/**
 * Answers requests: who asks comes first, then what is left of the limits, the answer itself, and last whether the asker
 * has it already.
 */
export class RequestHandler {
  readonly #parts: GithubParts;
  readonly #counter: RequestCounter;
  readonly #faults: GithubFaults;
  readonly #replica: ReadReplica;

  constructor(
    parts: GithubParts,
    others: {
      counter: RequestCounter;
      faults: GithubFaults;
      replica: ReadReplica;
    },
  ) {
    this.#parts = parts;
    this.#counter = others.counter;
    this.#faults = others.faults;
    this.#replica = others.replica;
  }

  async handle(request: ReadRequest): Promise<Answer> {
    const { method, url } = request;
    const { pathname } = url;
    if (pathname === graphqlPath && method === 'POST') {
      this.#counter.count('POST /graphql');
      return this.#handleGraphql(request);
    }
    const path = pathname.slice(restPath.length);
    const matched = pathname.startsWith(`${restPath}/`)
      ? matchRest(this.#readParts(ofApps.test(path)), { ...request, path })
      : undefined;
    this.#counter.count(matched?.kind ?? 'unknown');
    return this.#handleRest(request, matched);
  }

  async #handleGraphql({ headers, body }: ReadRequest): Promise<Answer> {
    const { rateLimits, tokens } = this.#parts;
    let viewer: Viewer = { kind: 'anonymous' };
    try {
      viewer = tokens.identify(headers.authorization);
      this.#faults.checkSecondary();
      if (viewer.kind === 'anonymous' || viewer.kind === 'app') {
        throw new ApiError(
          401,
          'This endpoint requires you to be authenticated.',
        );
      }
      const context = { github: this.#readParts(), viewer };
      const answer = await answerGraphql(body, context, cost => {
        const rate = rateLimits.take(context.viewer, 'graphql', cost);
        this.#counter.countCost('graphql', cost);
        return rate;
      });
      return this.#withLimit(viewer, 'graphql', renderAnswer(200, answer));
    } catch (error) {
      return this.#withLimit(viewer, 'graphql', renderFailure(error));
    }
  }

  #handleRest(request: ReadRequest, matched: MatchedRest | undefined): Answer {
    const { rateLimits, tokens } = this.#parts;
    let viewer: Viewer = { kind: 'anonymous' };
    try {
      viewer = tokens.identify(request.headers.authorization);
      this.#faults.checkSecondary();
      if (!matched) {
        throw noRoute(request);
      }
      if (matched.isFree) {
        return this.#withLimit(viewer, 'core', this.#answer(matched, viewer));
      }
      rateLimits.check(viewer, 'core');
      const whole = this.#answer(matched, viewer);
      const isTagged = request.method === 'GET' && whole.status === 200;
      const answer = isTagged ? withEtag(whole, request.headers) : whole;
      if (answer.status === 304) {
        this.#counter.countNotModified();
      }
      // Only who is known gets for nothing what has not changed.
      if (answer.status !== 304 || viewer.kind === 'anonymous') {
        rateLimits.take(viewer, 'core', 1);
        this.#counter.countCost('core', 1);
      }
      return this.#withLimit(viewer, 'core', answer);
    } catch (error) {
      return this.#withLimit(viewer, 'core', renderFailure(error));
    }
  }

  #answer(matched: MatchedRest, viewer: Viewer): Answer {
    try {
      const { status = 200, body, headers } = matched.answer(viewer);
      return renderAnswer(status, body, headers);
    } catch (error) {
      return renderFailure(error);
    }
  }

  /** Apps look up their installations where nothing lags. */
  #readParts(isOfApp: boolean = false): GithubParts {
    return isOfApp
      ? this.#parts
      : { ...this.#parts, state: this.#replica.read() };
  }

  #withLimit(viewer: Viewer, resource: GithubResource, answer: Answer): Answer {
    const rate = this.#parts.rateLimits.read(viewer, resource);
    return {
      ...answer,
      headers: { ...answer.headers, ...renderRateLimitHeaders(rate) },
    };
  }
}

/** 404 would be taken for what GitHub knows. */
function noRoute({ method, url }: ReadRequest): ApiError {
  return new ApiError(
    501,
    `This GitHub on localhost has no route for ${method} ${url.pathname}`,
  );
}
