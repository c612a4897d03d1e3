import { parseArgs } from 'node:util';
import { DemoFolder } from '../DemoFolder';
import { commands } from './commands';
import { Demo } from './Demo';

const usage = `Of the demo that runs:

${commands
  .map(command => `  npm run demo:${command.name} ${command.usage}`)
  .join('\n')}

Options, after --:
  --lose    has the webhooks fail on their way
`;

/** Whether npm has kept an option for itself, because it did not come after two dashes. */
function isTakenByNpm(option: string): boolean {
  return process.env[`npm_config_${option}`] === 'true';
}

/**
 * Runs a command of the demo.
 *
 * @param root - the root directory of the clone
 * @param args - of the command line: the name of the command, and what follows
 * @returns the exit code
 */
export async function main(root: string, args: string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        revert: { type: 'boolean', default: isTakenByNpm('revert') },
        lose: { type: 'boolean', default: isTakenByNpm('lose') },
        help: { type: 'boolean', default: false },
      },
    });
    const [name, ...words] = positionals;
    const command = commands.find(each => each.name === name);
    const isUnderstood = command && words.length >= command.leastWords;
    if (!isUnderstood || values.help) {
      console.log(usage);
      return values.help ? 0 : 1;
    }
    const demo = new Demo(new DemoFolder(root).readAccess());
    // Nothing is done that it would not see.
    await demo.portal.checkIsUp();
    const isShown = await command.run(demo, {
      words,
      isRevert: values.revert,
      isLost: values.lose,
    });
    return isShown ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}
