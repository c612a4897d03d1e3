import { generateKeyPairSync } from 'node:crypto';
import { Branches } from './Branches';
import { GithubState } from './GithubState';
import { Installations } from './Installations';
import type { GithubWebhook } from './payloads';
import type {
  GithubAccount,
  GithubApp,
  GithubDoer,
  GithubHook,
  GithubHookEventName,
} from './records';
import { makeUrls } from './renderAccount';
import { Repositories } from './Repositories';
import { WebhookAnnouncer } from './WebhookAnnouncer';

/**
 * What an app is made of.
 *
 * @public
 */
export interface GithubAppInput {
  slug: string;
  /** Where its webhooks go; without it nothing is sent. */
  webhook?: { url: string; secret: string };
  /** What it is subscribed to; `push` and `repository` unless given. */
  events?: GithubApp['events'];
  /** Reading contents and metadata unless given. They are told, and not enforced. */
  permissions?: GithubApp['permissions'];
}

/**
 * Organizations, users, apps and repositories of a GitHub, in memory, and the webhooks that follow from what happens to
 * them.
 *
 * @public
 */
export class GithubModel {
  readonly state: GithubState;
  readonly repositories: Repositories;
  readonly branches: Branches;
  readonly installations: Installations;
  readonly #announcer: WebhookAnnouncer;
  readonly #pingsHooks: boolean;

  /**
   * @param options.now - its one clock, in milliseconds since the epoch; that of the machine unless given
   * @param options.pingsHooks - whether each new hook is sent a `ping`, as at GitHub; it is not unless given
   */
  constructor(options: { now?: () => number; pingsHooks?: boolean } = {}) {
    this.#pingsHooks = options.pingsHooks ?? false;
    this.state = new GithubState(options.now ?? Date.now);
    this.#announcer = new WebhookAnnouncer(this.state);
    this.branches = new Branches(this.state, this.#announcer);
    this.installations = new Installations(this.state, this.#announcer);
    this.repositories = new Repositories({
      state: this.state,
      announcer: this.#announcer,
      branches: this.branches,
      installations: this.installations,
    });
  }

  /**
   * Says where this GitHub is, for the URLs in what it tells.
   *
   * @param origin - without a slash at the end
   */
  setOrigin(origin: string): void {
    this.state.urls = makeUrls(origin);
  }

  /**
   * Tells what is sent to every hook, at once and in order.
   *
   * @returns what ends it
   */
  onWebhook(listener: (webhook: GithubWebhook) => void): () => void {
    return this.#announcer.subscribe(listener);
  }

  /** @throws if the login is taken */
  addOrganization(login: string): GithubAccount {
    return this.#addAccount('Organization', login);
  }

  /** @throws if the login is taken */
  addUser(login: string, name?: string): GithubAccount {
    return this.#addAccount('User', login, name);
  }

  /**
   * Registers an app, with a new key.
   *
   * @returns the app, and the private key that its tokens are signed with, in PEM
   */
  addApp(input: GithubAppInput): { app: GithubApp; privateKey: string } {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const { slug, webhook, events = ['push', 'repository'] } = input;
    const id = this.state.makeId();
    const app: GithubApp = {
      id,
      slug,
      name: slug,
      clientId: `Iv1.${id.toString(16).padStart(16, '0')}`,
      publicKey,
      hook: webhook && {
        id: this.state.makeId(),
        targetType: 'integration',
        targetId: id,
        url: new URL(webhook.url).href,
        secret: webhook.secret,
        events: eventNames.filter(name => events.some(each => each === name)),
        createdMs: this.state.now(),
      },
      events,
      permissions: input.permissions ?? { contents: 'read', metadata: 'read' },
      createdMs: this.state.now(),
    };
    this.state.apps.set(id, app);
    this.#announceHook(app.hook);
    return { app, privateKey };
  }

  /**
   * Adds a webhook to an organization or a repository.
   *
   * @param target - the login of an organization, or the full name of a repository
   * @param webhook.events - all unless given
   */
  addHook(
    target: string,
    webhook: {
      url: string;
      secret: string;
      events?: readonly GithubHookEventName[];
    },
  ): GithubHook {
    const isRepository = target.includes('/');
    if (!isRepository && this.state.getAccount(target).type === 'User') {
      throw new Error(`${target} is a user, and users have no webhooks`);
    }
    const hook: GithubHook = {
      id: this.state.makeId(),
      targetType: isRepository ? 'repository' : 'organization',
      targetId: isRepository
        ? this.state.getRepository(target).id
        : this.state.getAccount(target).id,
      url: new URL(webhook.url).href,
      secret: webhook.secret,
      events: webhook.events ?? ['*'],
      createdMs: this.state.now(),
    };
    this.state.hooks.set(hook.id, hook);
    this.#announceHook(hook);
    return hook;
  }

  /** Sends everything to another URL from now on, also what is redelivered. */
  moveHook({ id }: GithubHook, url: string): void {
    const { apps, hooks } = this.state;
    const moved = new URL(url).href;
    for (const app of apps.values()) {
      if (app.hook?.id === id) {
        apps.set(app.id, { ...app, hook: { ...app.hook, url: moved } });
      }
    }
    const hook = hooks.get(id);
    if (hook) {
      hooks.set(id, { ...hook, url: moved });
    }
  }

  /** Sends a `ping` to a hook. */
  ping(hook: GithubHook, { sender }: GithubDoer = {}): void {
    this.#announcer.announcePing(hook, this.state.getSender(sender));
  }

  #announceHook(hook: GithubHook | undefined): void {
    if (hook && this.#pingsHooks) {
      this.ping(hook);
    }
  }

  #addAccount(
    type: GithubAccount['type'],
    login: string,
    name: string = login,
  ): GithubAccount {
    const id = this.state.makeId();
    const account = { type, id, login, name, createdMs: this.state.now() };
    this.state.putAccount(account);
    return account;
  }
}

const eventNames: readonly GithubHookEventName[] = [
  'create',
  'delete',
  'public',
  'push',
  'repository',
];
