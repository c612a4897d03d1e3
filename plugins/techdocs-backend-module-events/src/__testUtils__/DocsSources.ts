import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import {
  createServiceFactory,
  type BackendFeature,
  type UrlReaderService,
} from '@backstage/backend-plugin-api';
import {
  urlReaderFactoriesServiceRef,
  type ReaderFactory,
} from '@backstage/backend-defaults/urlReader';
import { NotFoundError, NotModifiedError } from '@backstage/errors';

const host = 'docs.test';

/**
 * Documentation on disk, and entities that it belongs to.
 *
 * @remarks
 * TechDocs reads it as `dir`, or as `url` from a host that serves the same files and tells by an etag whether they
 * changed, as SCM providers do.
 */
export class DocsSources {
  readonly root: string;
  readonly #entities: string[] = [];

  private constructor(root: string) {
    this.root = root;
  }

  static async create(): Promise<DocsSources> {
    return new DocsSources(await mkdtemp(join(tmpdir(), 'callboard-docs-')));
  }

  /** Where the entities are read from. */
  get catalogFile(): string {
    return join(this.root, 'catalog-info.yaml');
  }

  /** Where TechDocs publishes. */
  get publishDirectory(): string {
    return join(this.root, 'published');
  }

  /** Adds a component with documentation. */
  async add(
    name: string,
    readAs: 'dir' | 'url',
    mkdocsYaml = `site_name: ${name}\n`,
  ): Promise<void> {
    await this.write(`${name}/mkdocs.yml`, mkdocsYaml);
    await this.write(`${name}/docs/index.md`, `# ${name}\n`);
    await this.addEntity(
      name,
      readAs === 'dir' ? `dir:./${name}` : `url:https://${host}/${name}`,
    );
  }

  /** Adds a component whose documentation is elsewhere. */
  async addEntity(name: string, techdocsRef: string): Promise<void> {
    this.#entities.push(
      JSON.stringify({
        apiVersion: 'backstage.io/v1alpha1',
        kind: 'Component',
        metadata: {
          name,
          annotations: { 'backstage.io/techdocs-ref': techdocsRef },
        },
        spec: { type: 'service', lifecycle: 'production', owner: 'guests' },
      }),
    );
    await this.write('catalog-info.yaml', this.#entities.join('\n---\n'));
  }

  async write(path: string, text: string): Promise<void> {
    const file = join(this.root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true });
  }

  /** The host that serves the files. */
  get reader(): BackendFeature {
    const factory: ReaderFactory = ({ treeResponseFactory }) => {
      const refuse = async (): Promise<never> => {
        throw new NotFoundError('This host serves trees only');
      };
      const reader: UrlReaderService = {
        readUrl: refuse,
        search: refuse,
        readTree: async (url, options) => {
          const directory = join(this.root, new URL(url).pathname);
          const files = await listFiles(directory);
          const etag = await hashFiles(files);
          if (options?.etag === etag) {
            throw new NotModifiedError();
          }
          const tree = await treeResponseFactory.fromReadableArray(
            files.map(file => ({
              data: createReadStream(file),
              path: relative(directory, file),
            })),
          );
          return { ...tree, dir: tree.dir.bind(tree), etag };
        },
      };
      return [{ reader, predicate: url => url.host === host }];
    };
    return createServiceFactory({
      service: urlReaderFactoriesServiceRef,
      deps: {},
      factory: () => factory,
    });
  }
}

async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, {
    recursive: true,
    withFileTypes: true,
  }).catch(cause => {
    throw new NotFoundError('There is no such tree', cause);
  });
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort();
}

async function hashFiles(files: string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(await readFile(file));
  }
  return hash.digest('hex');
}
