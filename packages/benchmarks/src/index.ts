import { parseArgs } from 'node:util';
import { print } from './report/print';
import { questions } from './questions';
import { Workbench } from './Workbench';

const usage = `npm run bench [question …] -- [options]

Questions:
${questions.map(({ name }) => `  ${name}`).join('\n')}

Options:
  --quick              one short round, to see that everything works
  --rounds <n>         how often each contestant is measured
  --seconds <n>        about how long each measurement takes
  --database <name>    postgres or sqlite only
  --contestant <name>  this one only; may be repeated
  --profile <folder>   have each contestant write a CPU profile there
`;

/**
 * Answers the questions that the command line asks, all of them when it asks none.
 *
 * @param args - of the command line
 * @returns the exit code
 */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      database: { type: 'string' },
      contestant: { type: 'string', multiple: true },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter(
    name => !questions.some(question => question.name === name),
  );
  if (values.help || unknown.length > 0) {
    process.stdout.write(usage);
    return values.help ? 0 : 1;
  }
  // All together would take most of an hour.
  const thoroughSeconds = positionals.length > 0 ? 8 : 3;
  const asked = questions.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );

  const workbench = new Workbench();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      await workbench.clear();
      process.exit(1);
    });
  }
  try {
    for (const question of asked) {
      const begin = performance.now();
      await question.answer(workbench, {
        quick: values.quick,
        rounds: readNumber('rounds', values.rounds) ?? (values.quick ? 1 : 3),
        seconds:
          readNumber('seconds', values.seconds) ??
          (values.quick ? 2 : thoroughSeconds),
        warmUpSeconds: values.quick ? 1.5 : 3,
        database: values.database,
        contestants: values.contestant,
        profileFolder: values.profile,
      });
      const seconds = (performance.now() - begin) / 1e3;
      print(`\n${question.name}: answered in ${seconds.toFixed(0)} s\n`);
    }
    return 0;
  } catch (error) {
    process.stderr.write(`\nFailed: ${error}\n`);
    return 1;
  } finally {
    await workbench.clear();
  }
}

function readNumber(option: string, value: string | undefined) {
  const number = value === undefined ? undefined : Number(value);
  if (number !== undefined && !(number > 0)) {
    throw new Error(`--${option} must be a number above 0`);
  }
  return number;
}
