import {
  GithubError,
  type GithubClient,
  type GithubService,
} from '@callboard/backstage-plugin-github-node';
import { z } from 'zod';
import {
  deliveryPageSchema,
  wholeDeliverySchema,
  type HookDelivery,
  type WholeDelivery,
} from './HookDelivery';
import {
  describeTarget,
  findHooksPath,
  nameTarget,
  type HookTarget,
} from './HookTarget';
import { isIngressUrl, type IngressPlace } from './isIngressUrl';

/** GitHub lists no more at once. */
const pageSize = 100;

/** Of 5,000 requests an hour. An app makes the tokens of its installations on the same limit. */
const reserve = 1_000;

/** Where a webhook goes, by what is known of it. */
export interface HookDestination {
  /** Its own URL; undefined if GitHub does not tell. */
  url: string | undefined;
  /** Whether that is the ingress of this portal. Somebody who names a webhook by its number knows that it is. */
  isIngress: boolean;
}

/**
 * The log that GitHub keeps for three days of what one webhook was to deliver.
 *
 * All methods throw GithubError; or the reason of `signal` once that is aborted.
 *
 * @see https://docs.github.com/en/rest/apps/webhooks
 * @see https://docs.github.com/en/rest/orgs/webhooks
 * @see https://docs.github.com/en/rest/repos/webhooks
 */
export class HookLog {
  /** What it is called in the database. */
  readonly name: string;
  /** Whose webhook it is, in words. */
  readonly description: string;
  readonly #target: HookTarget;
  readonly #ingress: IngressPlace;
  readonly #github: GithubService;
  #foundId: number | undefined;

  constructor(options: {
    target: HookTarget;
    ingress: IngressPlace;
    github: GithubService;
  }) {
    const { target, ingress, github } = options;
    this.name = nameTarget(target);
    this.description = describeTarget(target);
    this.#target = target;
    this.#ingress = ingress;
    this.#github = github;
  }

  /** Every app may have one webhook; the others are there because somebody has named them. */
  get isOfApp(): boolean {
    return this.#target.kind === 'app';
  }

  get #isNamed(): boolean {
    return this.#target.kind !== 'app' && this.#target.hookId !== undefined;
  }

  /** Finds out where the webhook goes now. */
  async readDestination(signal: AbortSignal): Promise<HookDestination> {
    const path = await this.#findPath(signal);
    try {
      const { data } = await this.#openClient().get({
        path: `${path}/config`,
        schema: z.object({ url: z.string().nullish() }),
        signal,
      });
      const url = data.url || undefined;
      return {
        url,
        isIngress:
          this.#isNamed ||
          (url !== undefined && isIngressUrl(url, this.#ingress)),
      };
    } catch (error) {
      // Who may read what was delivered need not be allowed to read how the webhook is made.
      if (isKind(error, 'missing') || isKind(error, 'refused')) {
        return { url: undefined, isIngress: true };
      }
      throw error;
    }
  }

  /**
   * Whether a delivery was meant for this portal, as far as GitHub tells: it went to where the webhook goes now, or to the
   * ingress.
   */
  isMeant({ url }: WholeDelivery, destination: HookDestination): boolean {
    return (
      url === undefined ||
      url === destination.url ||
      isIngressUrl(url, this.#ingress) ||
      (destination.url === undefined && this.#isNamed)
    );
  }

  /**
   * Lists deliveries, the newest first.
   *
   * @param path - of a page, as `next` of the one before; the first page unless given
   */
  async list(
    path: string | undefined,
    signal: AbortSignal,
  ): Promise<{ deliveries: HookDelivery[]; next: string | undefined }> {
    const first = `${await this.#findPath(
      signal,
    )}/deliveries?per_page=${pageSize}`;
    const { data, next } = await this.#openClient().get({
      path: path ?? first,
      schema: deliveryPageSchema,
      signal,
    });
    return { deliveries: data, next };
  }

  /** Reads a delivery with what was to be delivered. */
  async read(id: number, signal: AbortSignal): Promise<WholeDelivery> {
    const { data } = await this.#openClient().get({
      path: `${await this.#findPath(signal)}/deliveries/${id}`,
      schema: wholeDeliverySchema,
      signal,
    });
    return data;
  }

  /** Each time anew: whether there are credentials is for each turn to find out. */
  #openClient(): GithubClient {
    const target = this.#target;
    if (target.kind === 'app') {
      return this.#github.forApp({ ...target, reserve });
    }
    const owner =
      target.kind === 'organization' ? target.organization : target.owner;
    return this.#github.forOwner({ host: target.host, owner, reserve });
  }

  async #findPath(signal: AbortSignal): Promise<string> {
    const target = this.#target;
    if (target.kind === 'app') {
      return '/app/hook';
    }
    const hooksPath = findHooksPath(target);
    this.#foundId ??=
      target.hookId ?? (await this.#findHook(hooksPath, signal));
    return `${hooksPath}/${this.#foundId}`;
  }

  async #findHook(hooksPath: string, signal: AbortSignal): Promise<number> {
    const { data } = await this.#openClient().get({
      path: hooksPath,
      parameters: { per_page: pageSize },
      schema: hooksSchema,
      signal,
    });
    const hook = data.find(
      ({ config: { url } }) =>
        url !== undefined && isIngressUrl(url, this.#ingress),
    );
    if (!hook) {
      throw new GithubError(
        'missing',
        `${this.description} has no webhook that goes to the ingress of this portal, …/api/events/http/github at the host of backend.baseUrl. Add it, name its number (events.modules.github.recovery.hooks[].hookId), or say where the ingress is (events.modules.github.recovery.url)`,
      );
    }
    return hook.id;
  }

  /** Has the webhook looked for again: it may have been made anew. */
  forget(): void {
    this.#foundId = undefined;
  }
}

/** @see https://docs.github.com/en/rest/orgs/webhooks#list-organization-webhooks */
const hooksSchema = z.array(
  z.object({
    id: z.number(),
    config: z.object({ url: z.string().optional() }),
  }),
);

function isKind(error: unknown, kind: GithubError['kind']): boolean {
  return error instanceof GithubError && error.kind === kind;
}
