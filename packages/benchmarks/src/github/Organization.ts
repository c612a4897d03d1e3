import type { JsonObject } from '@backstage/types';
import {
  GithubModel,
  GithubServer,
  makeRandom,
  type GithubRepository,
} from '@callboard/backstage-plugin-events-backend-test-utils/github';
import type { Workbench } from '../Workbench';
import type { OperationKind } from './operations';

export const login = 'acme';
export const catalogPath = 'catalog-info.yaml';

const webhookSecret = 'It is a secret to everybody';
const hintEvents: readonly string[] = [
  'push',
  'repository',
  'installation_repositories',
];

/** An app of a portal, as the portal is configured for it. */
export interface PortalApp {
  config: JsonObject;
  /** Says where webhooks go, which is known when the portal has started. */
  sendWebhooksTo(url: string): void;
  /** How many webhooks the provider was to be told of so far. */
  readonly announced: number;
}

/**
 * An organization on a GitHub on localhost, of which each repository has a catalog file with one component. It has a clock
 * of its own, which can be put ahead.
 */
export class Organization {
  readonly github: GithubServer;
  readonly host: string;
  readonly #apiBaseUrl: string;
  readonly #clock: { aheadMs: number };
  readonly #random: () => number;
  readonly #end: () => Promise<void>;
  #created = 0;
  #pushed = 0;

  private constructor(options: {
    github: GithubServer;
    clock: { aheadMs: number };
    random: () => number;
    host: string;
    apiBaseUrl: string;
    end: () => Promise<void>;
  }) {
    this.github = options.github;
    this.#clock = options.clock;
    this.#random = options.random;
    this.host = options.host;
    this.#apiBaseUrl = options.apiBaseUrl;
    this.#end = options.end;
  }

  /** @param options.seed - what chances begin with */
  static async start(
    workbench: Workbench,
    options: { repositories: number; seed: number },
  ): Promise<Organization> {
    const clock = { aheadMs: 0 };
    const github = new GithubServer({
      model: new GithubModel({ now: () => Date.now() + clock.aheadMs }),
    });
    const { host, apiBaseUrl } = await github.start();
    const organization = new Organization({
      github,
      clock,
      host,
      apiBaseUrl,
      random: makeRandom(options.seed),
      end: workbench.add(() => github.stop()),
    });
    github.model.addOrganization(login);
    for (let count = 0; count < options.repositories; count += 1) {
      organization.create();
    }
    return organization;
  }

  async end(): Promise<void> {
    await this.#end();
  }

  get nowMs(): number {
    return this.github.model.state.now();
  }

  /** Puts the clock ahead, and never back. Returns how far it is ahead of the machine's. */
  moveClock(timeMs: number): number {
    this.#clock.aheadMs += Math.max(0, timeMs - this.nowMs);
    return this.#clock.aheadMs;
  }

  /** Adds an app that the organization has installed. */
  addApp(slug: string): PortalApp {
    const { model, faults } = this.github;
    const { app, privateKey } = model.addApp({
      slug,
      webhook: { url: 'http://127.0.0.1:9/nowhere', secret: webhookSecret },
    });
    // Nobody is there yet to be told of the installation.
    faults.disturbWebhooks({ lose: 1 });
    model.installations.create({ appId: app.id, account: login });
    faults.disturbWebhooks({});
    let isSending = false;
    let announced = 0;
    const { hook } = app;
    model.onWebhook(webhook => {
      if (
        isSending &&
        webhook.hook.id === hook?.id &&
        hintEvents.includes(webhook.event)
      ) {
        announced += 1;
      }
    });
    return {
      config: {
        events: { modules: { github: { webhookSecret } } },
        integrations: {
          github: [
            {
              host: this.host,
              apiBaseUrl: this.#apiBaseUrl,
              apps: [
                {
                  appId: app.id,
                  clientId: app.clientId,
                  clientSecret: 'unused',
                  webhookSecret,
                  privateKey,
                },
              ],
            },
          ],
        },
      },
      sendWebhooksTo(url) {
        if (hook) {
          model.moveHook(hook, url);
          isSending = true;
        }
      },
      get announced() {
        return announced;
      },
    };
  }

  perform(kind: OperationKind): void {
    const { repositories } = this.github.model;
    switch (kind) {
      case 'push':
        this.push();
        break;
      case 'creation':
        this.create();
        break;
      case 'renaming': {
        const { name } = this.#pick();
        repositories.rename(`${login}/${name}`, `${name}-renamed`);
        break;
      }
      case 'archival':
        repositories.archive(`${login}/${this.#pick().name}`);
        break;
      case 'deletion':
        repositories.delete(`${login}/${this.#pick().name}`);
        break;
      default:
        throw new Error(`There is no such operation: ${kind satisfies never}`);
    }
  }

  /**
   * Changes the catalog file of a repository, any one unless it is given.
   *
   * @returns the component, and its description from now on
   */
  push({ name } = this.#pick()): Component {
    this.#pushed += 1;
    // What the file was made for, whatever the repository is called now.
    const component = name.replace(/(-renamed)+$/, '');
    const description = `change ${this.#pushed}`;
    this.github.model.branches.push(`${login}/${name}`, {
      commits: [{ files: makeFiles({ name: component, description }) }],
    });
    return { name: component, description };
  }

  /** Creates a repository with a catalog file. */
  create(): Component {
    this.#created += 1;
    const name = `service-${this.#created}`;
    const description = 'as it was created';
    this.github.model.repositories.create({
      owner: login,
      name,
      files: makeFiles({ name, description }),
    });
    return { name, description };
  }

  /** The repositories that the catalog is to have, in their order. */
  list(): GithubRepository[] {
    return this.github.model.state
      .listRepositories()
      .filter(({ isArchived }) => !isArchived);
  }

  /** The URLs that the catalog is to read. */
  listTargets(): string[] {
    return this.list().map(
      ({ name, defaultBranch }) =>
        `http://${this.host}/${login}/${name}/blob/${defaultBranch}/${catalogPath}`,
    );
  }

  #pick(): GithubRepository {
    const repositories = this.list();
    return repositories[Math.floor(this.#random() * repositories.length)];
  }
}

/** What the catalog is to show of a repository. */
export interface Component {
  name: string;
  description: string;
}

function makeFiles({ name, description }: Component) {
  return {
    [catalogPath]: `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${name}
  description: ${description}
spec:
  type: service
  lifecycle: production
  owner: guests
`,
  };
}
