import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';

/** What the commands need to know of the demo that runs: a part of the portal's configuration. */
const configSchema = z.object({
  demo: z.object({
    portal: z.object({ url: z.string(), token: z.string() }),
    github: z.object({ url: z.string(), token: z.string() }),
  }),
});
export type DemoAccess = z.infer<typeof configSchema>['demo'];

/** What the demo keeps on this machine, apart from what the usual portal has. */
export class DemoFolder {
  readonly #directory: string;

  /**
   * @param root - the root directory of the clone
   * @param environment - `DEMO_DIRECTORY` names the folder, absolute or from there; `data-demo` unless given
   */
  constructor(root: string, environment: NodeJS.ProcessEnv = process.env) {
    this.#directory = resolve(root, environment.DEMO_DIRECTORY ?? 'data-demo');
  }

  /** Configuration of the portal, made at each start. */
  get configFile(): string {
    return resolve(this.#directory, 'app-config.yaml');
  }

  /** Databases of the portal. */
  get databaseDirectory(): string {
    return resolve(this.#directory, 'portal');
  }

  /** What was done at the GitHub. */
  get journalFile(): string {
    return resolve(this.#directory, 'github.jsonl');
  }

  create(): void {
    mkdirSync(this.#directory, { recursive: true });
  }

  /** For the eyes of this user only, since it has keys and tokens. */
  writeConfig(config: object): void {
    const file = `${this.configFile}.new`;
    writeFileSync(
      file,
      `# Made by npm start -- --demo, each time. Git ignores it.\n${stringify(
        config,
      )}`,
      { mode: 0o600 },
    );
    renameSync(file, this.configFile);
  }

  /** @throws Error if no demo was started here */
  readAccess(): DemoAccess {
    let text: string;
    try {
      text = readFileSync(this.configFile, 'utf-8');
    } catch (error) {
      throw new Error(
        'There is no demo yet; run npm start -- --demo first, in another terminal',
        { cause: error },
      );
    }
    return configSchema.parse(parse(text)).demo;
  }
}
