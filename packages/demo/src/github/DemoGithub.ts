import {
  GithubModel,
  GithubServer,
} from '@callboard/backstage-plugin-events-backend-test-utils/github';
import { acme, seedAcme } from '../acme';
import { DemoClock } from '../DemoClock';
import { applyOperation, describeRepository } from './applyOperation';
import { FrontDoor } from './FrontDoor';
import { Journal, type JournalEntry } from './Journal';
import type { Order, Outcome } from '../orders';
import { renderPage } from './pages';

/** The app that the portal is installed as in the organization. */
export interface DemoApp {
  appId: number;
  clientId: string;
  privateKey: string;
}

/** The GitHub of the demo: an organization, and an app whose webhooks go to the portal. */
export class DemoGithub {
  readonly app: DemoApp;
  readonly #model: GithubModel;
  readonly #clock: DemoClock;
  readonly #server: GithubServer;
  readonly #door: FrontDoor;
  readonly #journal: Journal;
  /** Settles with what was ordered last: one thing is done at a time. */
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Starts it, as it was when it ended.
   *
   * @param options.webhook - where webhooks go, and what they are signed with
   * @param options.token - with which repositories may be changed over HTTP
   * @param options.journalFile - where it keeps what was done
   *
   * @throws Error if its port is taken, or the file is no journal
   */
  static async start(options: {
    port: number;
    webhook: { url: string; secret: string };
    token: string;
    journalFile: string;
  }): Promise<DemoGithub> {
    const { port, webhook, token, journalFile } = options;
    const door = new FrontDoor({ port, token });
    // First of all: whoever has the port may have the journal too.
    await door.listen();
    const journal = new Journal(journalFile);
    const github = new DemoGithub({ webhook, door, journal });
    await github.#start();
    return github;
  }

  private constructor(options: {
    webhook: { url: string; secret: string };
    door: FrontDoor;
    journal: Journal;
  }) {
    const { webhook, door, journal } = options;
    const clock = new DemoClock();
    const model = new GithubModel({ now: clock.now });
    const { app, privateKey } = model.addApp({ slug: 'callboard', webhook });
    seedAcme(model, clock);
    model.installations.create({ appId: app.id, account: acme });
    this.#clock = clock;
    this.#model = model;
    this.#server = new GithubServer({ model });
    this.#door = door;
    this.#journal = journal;
    this.app = { appId: app.id, clientId: app.clientId, privateKey };
  }

  get host(): string {
    return this.#door.host;
  }

  get origin(): string {
    return this.#door.origin;
  }

  get apiBaseUrl(): string {
    return `${this.origin}/api/v3`;
  }

  /**
   * Does something with a repository, and tells the portal.
   *
   * @returns what became of it, once the portal has answered to the webhooks
   * @throws Error where GitHub would refuse it
   */
  order(order: Order): Promise<Outcome> {
    const done = this.#last.then(() => this.#do(order));
    this.#last = done.catch(() => {});
    return done;
  }

  /** Closes its ports, and gives up what is on its way. */
  async stop(): Promise<void> {
    await Promise.all([this.#door.close(), this.#server.stop()]);
  }

  async #start(): Promise<void> {
    const { origin } = await this.#server.start();
    this.#model.setOrigin(this.origin);
    for (const { entry, isTold } of this.#journal.list()) {
      this.#server.faults.disturbWebhooks({ lose: isTold ? 1 : 0 });
      this.#repeat(entry);
      if (!isTold) {
        // They fail, since the portal is not up yet, and so come into the delivery log, where the portal looks for them.
        await this.#server.settleWebhooks();
        this.#journal.markTold(entry.number);
      }
    }
    this.#door.open({
      api: origin,
      order: order => this.order(order),
      renderPage: path => renderPage(this.#model.state, path),
    });
  }

  /** Does again what is in the journal. What the organization of another version does not allow is left out. */
  #repeat({ atMs, operation }: JournalEntry): void {
    try {
      this.#clock.at(atMs, () => applyOperation(this.#model, operation));
    } catch (error) {
      console.warn(
        `Left out what was done with ${operation.repository} in the demo before: ${error}`,
      );
    }
  }

  async #do({ operation, isLost }: Order): Promise<Outcome> {
    const { deliveries, faults } = this.#server;
    const [newest] = deliveries.list();
    const atMs = Date.now();
    faults.disturbWebhooks({ drop: isLost ? 1 : 0 });
    const repository = this.#clock.at(atMs, () =>
      applyOperation(this.#model, operation),
    );
    // The webhooks leave after this.
    const number = this.#journal.add({ atMs, operation });
    await this.#server.settleWebhooks();
    const sent = deliveries
      .list()
      .filter(({ id }) => newest === undefined || id > newest.id)
      .reverse();
    const isTold = sent.every(
      ({ statusCode }) => statusCode >= 200 && statusCode < 300,
    );
    if (isTold) {
      this.#journal.markTold(number);
    }
    return {
      ...describeRepository(this.#model, repository),
      webhooks: sent.map(({ guid, event, status, statusCode }) => ({
        guid,
        event,
        status,
        statusCode,
      })),
    };
  }
}
