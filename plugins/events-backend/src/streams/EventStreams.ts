import type { ServerResponse } from 'node:http';
import type { LoggerService } from '@backstage/backend-plugin-api';
import { ServiceUnavailableError } from '@backstage/errors';
import type {
  EventFilter,
  EventLog,
  Notifier,
} from '@callboard/backstage-plugin-events-node';
import {
  FailureLog,
  Slots,
  withTimeLimit,
} from '@callboard/backstage-plugin-events-node/bus';
import { toWholeEvent } from '../model/toWholeEvent';
import { retryAfterSeconds } from '../model/retryAfterSeconds';
import { LogFollower, type Found, type FollowingOptions } from './LogFollower';
import { ResponseWriter } from './ResponseWriter';
import { rest } from './rest';
import {
  formatComment,
  formatEvent,
  formatOpening,
  formatPlace,
} from './serverSentEvents';

/** Limits of the {@link EventStreams}. */
export interface StreamOptions extends FollowingOptions {
  /** Readers, streams and waiting polls together, that one process serves at once. */
  maxStreams: number;
  /** A stream ends by itself after this time, in milliseconds: whoever comes again is asked for permission again. */
  timeLimitMs: number;
  /** A reader that takes nothing for this time is disconnected, in milliseconds. */
  stallLimitMs: number;
  /** A stream says at least this often how far the log is read, in milliseconds. */
  heartbeatMs: number;
  /** Followers that read the log at once. */
  maxReads: number;
  /** Pause after a failure of the store, in milliseconds. */
  errorDelayMs: number;
  /** After this time a client comes again when its stream has ended, in milliseconds. */
  retryMs: number;
  /** How long readers may take to take the rest when the process shuts down, in milliseconds. */
  shutdownGraceMs: number;
}

/** Where a reader starts, and what it wants. */
export interface Following {
  position: number;
  filter: EventFilter;
}

interface Reader {
  response: ServerResponse;
  ended: AbortController;
  /** Settles when the reader has been served. */
  served: Promise<unknown>;
}

/**
 * Brings events of the log to readers outside, who keep their own position: as a stream, or to a poll that waits.
 *
 * @remarks
 * Nothing is kept of a reader when it is gone, and nothing is claimed, retried or dead. A reader that comes again
 * with its position goes on where it was, as long as the log has what follows.
 *
 * The next page is read when the one before has left for the socket, so a reader that takes nothing costs one page of
 * memory, however much is published.
 */
export class EventStreams {
  readonly #log: Pick<EventLog, 'readAfter'>;
  readonly #notifier: Notifier;
  readonly #options: StreamOptions;
  readonly #isUnavailable: (error: unknown) => boolean;
  readonly #logger: LoggerService;
  readonly #reads: Slots;
  readonly #open = new Set<Reader>();
  /** Of all streams together: they read the same log. */
  readonly #failures: FailureLog;
  #stopped = false;

  constructor(options: {
    log: Pick<EventLog, 'readAfter'>;
    notifier: Notifier;
    options: StreamOptions;
    /** Whether a failure of the store may pass. */
    isUnavailable: (error: unknown) => boolean;
    logger: LoggerService;
  }) {
    this.#log = options.log;
    this.#notifier = options.notifier;
    this.#options = options.options;
    this.#isUnavailable = options.isUnavailable;
    this.#logger = options.logger;
    this.#failures = new FailureLog({
      logger: options.logger,
      failed: 'Reading the log for streams failed; it is tried again',
      worked: 'Reading the log for streams goes on',
    });
    this.#reads = new Slots(options.options.maxReads);
  }

  /**
   * Answers with a stream of Server-Sent Events; resolves when it has ended.
   *
   * @throws ServiceUnavailableError when there are too many readers already
   */
  async stream(response: ServerResponse, following: Following): Promise<void> {
    await this.#admit(response, async ended => {
      const { timeLimitMs, stallLimitMs, shutdownGraceMs, retryMs } =
        this.#options;
      const writer = new ResponseWriter(response, stallLimitMs);
      response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        // `no-transform` keeps compression away, which would hold events back until there is enough to compress.
        'Cache-Control': 'no-cache, no-transform',
        // The same for nginx as a proxy: https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
        'X-Accel-Buffering': 'no',
      });
      const timer = setTimeout(() => ended.abort(), timeLimitMs);
      try {
        await writer.write(
          formatOpening(following.position, retryMs),
          ended.signal,
        );
        await this.#carry(writer, following, ended.signal);
      } finally {
        clearTimeout(timer);
        await writer.end(this.#stopped ? shutdownGraceMs : stallLimitMs);
      }
    });
  }

  /**
   * Gives the next events behind a position, and waits for them when there are none.
   *
   * @param response - that will carry them; when it closes the wait is over
   * @param waitMs - in milliseconds; without a wait nobody is turned away
   * @throws ServiceUnavailableError when there are too many readers already
   */
  async poll(
    response: ServerResponse,
    following: Following & { maxEvents: number; waitMs: number },
  ): Promise<Found> {
    const { maxEvents, waitMs } = following;
    const follower = this.#follow(following, maxEvents);
    const found =
      waitMs === 0
        ? await follower.next(0, new AbortController().signal)
        : await this.#admit(response, ({ signal }) =>
            follower.next(waitMs, signal),
          );
    if (!found) {
      throw new ServiceUnavailableError('The events system is shutting down');
    }
    return found;
  }

  /** Ends all streams and waits, and takes no more readers; cuts those that the store keeps from ending. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { ended } of this.#open) {
      ended.abort();
    }
    await withTimeLimit(
      Promise.allSettled([...this.#open].map(({ served }) => served)),
      // Once for reads that are under way, and once for readers to take the rest.
      2 * this.#options.shutdownGraceMs,
      () => new Error('grace is over'),
    ).catch(() => {
      this.#logger.warn(
        `The log could not be read in time; ${
          this.#open.size
        } readers that follow it were cut off`,
      );
      for (const { response } of this.#open) {
        response.destroy();
      }
    });
  }

  /** Serves a reader, if there is room, until it is done; `ended` is aborted when the reader leaves or has to. */
  async #admit<T>(
    response: ServerResponse,
    serve: (ended: AbortController) => Promise<T>,
  ): Promise<T> {
    const { maxStreams } = this.#options;
    if (this.#stopped || this.#open.size >= maxStreams) {
      response.setHeader('Retry-After', String(retryAfterSeconds));
      throw new ServiceUnavailableError(
        this.#stopped
          ? 'The events system is shutting down'
          : `${maxStreams} readers follow the log in this process already (events.streams.maxStreams); try again later`,
      );
    }
    const ended = new AbortController();
    const leave = () => ended.abort();
    response.on('close', leave);
    if (response.destroyed) {
      // It left while it was asked for its permission.
      leave();
    }
    const served = serve(ended);
    const reader = { response, ended, served };
    this.#open.add(reader);
    try {
      return await served;
    } finally {
      this.#open.delete(reader);
      response.off('close', leave);
    }
  }

  /** Writes what comes, until there is a reason to stop. */
  async #carry(
    writer: ResponseWriter,
    following: Following,
    signal: AbortSignal,
  ): Promise<void> {
    const { errorDelayMs } = this.#options;
    const follower = this.#follow(following);
    while (!signal.aborted) {
      const found = await this.#look(follower, signal);
      if (found === undefined) {
        // Ending the stream would be worse: a browser that is refused when it comes again stays away.
        await rest(errorDelayMs, signal);
        await writer.write(formatPlace(follower.position), signal);
        continue;
      }
      if (found.lost !== undefined) {
        await writer.write(formatComment(found.lost), signal);
        return;
      }
      for (const event of found.events) {
        if (signal.aborted) {
          return;
        }
        await writer.write(
          formatEvent(event.position, toWholeEvent(event)),
          signal,
        );
      }
      if (found.events.length === 0) {
        await writer.write(formatPlace(found.position), signal);
      }
    }
  }

  /** Waits for the next events; undefined when the store is away, or nobody waits any more. */
  async #look(
    follower: LogFollower,
    signal: AbortSignal,
  ): Promise<Found | undefined> {
    try {
      const found = await follower.next(this.#options.heartbeatMs, signal);
      this.#failures.onWorked();
      return found;
    } catch (error) {
      if (!this.#isUnavailable(error)) {
        throw error;
      }
      this.#failures.onFailed(error);
      return undefined;
    }
  }

  #follow({ position, filter }: Following, maxEvents?: number): LogFollower {
    const { page } = this.#options;
    return new LogFollower({
      log: this.#log,
      notifier: this.#notifier,
      reads: this.#reads,
      options: {
        ...this.#options,
        page: { ...page, events: maxEvents ?? page.events },
      },
      position,
      filter,
    });
  }
}
