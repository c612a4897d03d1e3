import type { EventView } from '@callboard/backstage-plugin-events-common';
import type { DemoAccess } from '../DemoFolder';
import { ordersPath, outcomeSchema, type Order, type Outcome } from '../orders';
import { askServer, type ServerAccess } from './askServer';
import { Portal, type Component } from './Portal';

/** Time for the portal to show what it was told of, in milliseconds: much more than it takes. */
const tellingLimitMs = 60_000;
/** Time for it to find in GitHub's delivery log what did not arrive, which it looks at once it is half a minute old. */
const recoveryLimitMs = 180_000;

/** What the commands do with the demo that runs, and what they print. */
export class Demo {
  readonly portal: Portal;
  readonly #github: ServerAccess;

  constructor({ portal, github }: DemoAccess) {
    this.portal = new Portal(portal);
    this.#github = github;
  }

  /**
   * Does something with a repository, waits until the catalog shows it, and prints how that went.
   *
   * @param options.shown - what the catalog should show
   * @returns whether it did
   */
  async show(
    order: Order,
    options: {
      shown: (component: Component | undefined, outcome: Outcome) => boolean;
      describe: (outcome: Outcome) => string;
    },
  ): Promise<boolean> {
    const { shown, describe } = options;
    const startedMs = performance.now();
    const outcome = await this.order(order);
    console.log(describe(outcome));
    outcome.webhooks.forEach(webhook =>
      console.log(
        `Webhook ${webhook.guid} (${webhook.event}): ${explain(webhook)}`,
      ),
    );
    const { name } = outcome.component;
    const isShown = await this.portal.untilShown(
      name,
      component => shown(component, outcome),
      outcome.webhooks.every(isTaken) ? tellingLimitMs : recoveryLimitMs,
    );
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(2);
    console.log(
      isShown
        ? `The catalog shows it after ${seconds} s`
        : `The catalog does not show it after ${seconds} s; the portal's log may tell why`,
    );
    await this.#explainWebhooks(outcome);
    return isShown;
  }

  /** @throws Error where GitHub refuses it */
  async order(order: Order): Promise<Outcome> {
    const outcome = await askServer(this.#github, ordersPath, {
      schema: outcomeSchema,
      body: order,
    });
    if (!outcome) {
      throw new Error(`${this.#github.url} is no GitHub of the demo`);
    }
    return outcome;
  }

  /** Prints what became of the webhooks, and where one can look. */
  async #explainWebhooks({
    webhooks,
    repository,
    component,
  }: Outcome): Promise<void> {
    const addresses = [
      `component   ${this.portal.componentPage(component.name)}`,
      `repository  ${repository.url}`,
    ];
    for (const { guid, event: name } of webhooks) {
      const topic = `github.${name}`;
      const event = await this.portal.findEvent(topic, repository.id, guid);
      if (event) {
        printEvent(event);
        addresses.push(`event       ${this.portal.eventUrl(event)}`);
      }
      const explanation = await this.portal.explainDelivery(guid);
      if (explanation) {
        console.log(`What came of it: ${explanation}`);
        addresses.push(`webhook     ${this.portal.deliveryUrl(guid)}`);
      }
    }
    console.log(
      ['', ...addresses.map(address => `    ${address}`), ''].join('\n'),
    );
  }
}

function isTaken({ statusCode }: Outcome['webhooks'][number]): boolean {
  return statusCode >= 200 && statusCode < 300;
}

function explain(webhook: Outcome['webhooks'][number]): string {
  return isTaken(webhook)
    ? `the portal answered ${webhook.statusCode}`
    : `it did not arrive (${webhook.status}); the portal finds it in GitHub's delivery log within a minute`;
}

function printEvent(event: EventView): void {
  const { id, topic, explanation, recipients = [] } = event;
  console.log(`Event ${id} (${topic}): ${explanation}`);
  recipients.forEach(recipient =>
    console.log(`    ${recipient.subscriptionId}: ${recipient.explanation}`),
  );
}
