import { acme, elsewhere } from '../acme';
import type { Outcome } from '../orders';
import type { Demo } from './Demo';
import type { Component } from './Portal';

/** What comes after the name of a command. */
export interface CommandInput {
  /** Of the repository, and one more. */
  words: string[];
  /** Takes back what the command does. */
  isRevert: boolean;
  /** Has the webhooks fail on their way. */
  isLost: boolean;
}

interface Command {
  name: string;
  usage: string;
  /** How many words it needs. */
  leastWords: number;
  /** @returns whether the catalog shows it */
  run(demo: Demo, input: CommandInput): Promise<boolean>;
}

const usualRepository = 'payments-api';

const isThere = (component: Component | undefined) => component !== undefined;
const isGone = (component: Component | undefined) => component === undefined;
const isDescribed = (
  component: Component | undefined,
  outcome: Outcome,
): boolean => component?.metadata.description === outcome.component.description;

export const commands: readonly Command[] = [
  {
    name: 'push',
    usage: '[repository] [description] | -- --revert [repository]',
    leastWords: 0,
    run(demo, { words, isRevert, isLost }) {
      const [repository = usualRepository, ...rest] = words;
      const description =
        rest.join(' ') ||
        `Changed by a push at ${new Date().toLocaleTimeString()}`;
      return demo.show(
        {
          isLost,
          operation: isRevert
            ? { kind: 'revert', repository }
            : { kind: 'describe', repository, description },
        },
        {
          shown: isDescribed,
          describe: ({ repository: { fullName, head }, component }) =>
            `Pushed ${head.oid.slice(0, 7)} to ${fullName}, ${head.message}: ${
              component.description
            }`,
        },
      );
    },
  },
  {
    name: 'rename',
    usage: '<repository> <new name>',
    leastWords: 2,
    run(demo, { words: [repository, name], isLost }) {
      return demo.show(
        { isLost, operation: { kind: 'rename', repository, name } },
        {
          shown: (component, outcome) =>
            component?.metadata.annotations[
              'backstage.io/source-location'
            ]?.startsWith(`url:${outcome.repository.url}/`) ?? false,
          describe: outcome =>
            `Renamed ${repository} to ${outcome.repository.fullName}`,
        },
      );
    },
  },
  {
    name: 'archive',
    usage: '<repository> | -- --revert <repository>',
    leastWords: 1,
    run(demo, { words: [repository], isRevert, isLost }) {
      return demo.show(
        {
          isLost,
          operation: { kind: isRevert ? 'unarchive' : 'archive', repository },
        },
        {
          shown: isRevert ? isThere : isGone,
          describe: outcome =>
            `${isRevert ? 'Unarchived' : 'Archived'} ${
              outcome.repository.fullName
            }`,
        },
      );
    },
  },
  {
    name: 'transfer',
    usage: '<repository> | -- --revert <repository>',
    leastWords: 1,
    async run(demo, { words: [repository], isRevert, isLost }) {
      if (isRevert) {
        return demo.show(
          {
            isLost,
            operation: {
              kind: 'transfer',
              repository: `${elsewhere}/${repository}`,
              owner: acme,
            },
          },
          {
            shown: isThere,
            describe: outcome =>
              `Transferred ${repository} back to ${outcome.repository.fullName}`,
          },
        );
      }
      const { repository: transferred } = await demo.order({
        isLost,
        operation: { kind: 'transfer', repository, owner: elsewhere },
      });
      console.log(`Transferred ${repository} to ${transferred.fullName}
GitHub tells the former owner nothing of a transfer, so the catalog still shows it. The next scan finds it:

    npm run demo:scan
`);
      return true;
    },
  },
  {
    name: 'scan',
    usage: '',
    leastWords: 0,
    async run(demo) {
      const startedMs = performance.now();
      await demo.portal.scan();
      const seconds = ((performance.now() - startedMs) / 1_000).toFixed(2);
      console.log(
        `Scanned in ${seconds} s; the portal's log tells what was found. What is not there any more is asked for again before it goes, within ten seconds`,
      );
      return true;
    },
  },
];
