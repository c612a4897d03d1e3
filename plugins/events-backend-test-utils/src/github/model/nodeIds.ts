/** What has a node id here; the prefixes are those of GitHub. */
const prefixes = {
  Organization: 'O',
  User: 'U',
  App: 'A',
  Repository: 'R',
  Commit: 'C',
  Tree: 'T',
  Blob: 'B',
  Ref: 'REF',
  Topic: 'TO',
  RepositoryTopic: 'RT',
} as const;

export type GithubNodeType = keyof typeof prefixes;

/** What a node id says. */
export interface GithubNodeId {
  type: GithubNodeType;
  /** The number of the node, or of the repository that it is in. */
  id: number;
  /** Which one of the repository: an oid, or the name of a ref. */
  part: string | undefined;
}

/**
 * Makes a global node id as GitHub's are: a prefix, and numbers and text in MessagePack.
 *
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export function makeNodeId(
  type: GithubNodeType,
  id: number,
  part?: string,
): string {
  const number = Buffer.alloc(5);
  number.writeUInt8(0xce);
  number.writeUInt32BE(id, 1);
  const bytes = [Buffer.from([part === undefined ? 0x92 : 0x93, 0]), number];
  if (part !== undefined) {
    const text = Buffer.from(part);
    const length = Buffer.alloc(3);
    length.writeUInt8(0xda);
    length.writeUInt16BE(text.length, 1);
    bytes.push(length, text);
  }
  return `${prefixes[type]}_${Buffer.concat(bytes).toString('base64url')}`;
}

/** Installations still have ids of the former kind. */
export function makeInstallationNodeId(id: number): string {
  return Buffer.from(`023:IntegrationInstallation${id}`).toString('base64');
}

/** Reads a node id; none if it is not one of these. */
export function parseNodeId(nodeId: string): GithubNodeId | undefined {
  const match = /^([A-Za-z0-9]+)_([\w-]+)$/.exec(nodeId);
  const type = nodeTypes.find(each => prefixes[each] === match?.[1]);
  const bytes = Buffer.from(match?.[2] ?? '', 'base64url');
  if (!type || bytes.length < 7) {
    return undefined;
  }
  return {
    type,
    id: bytes.readUInt32BE(3),
    part: bytes.length > 10 ? bytes.subarray(10).toString() : undefined,
  };
}

const nodeTypes: readonly GithubNodeType[] = [
  'Organization',
  'User',
  'Repository',
  'Commit',
  'Tree',
  'Blob',
  'Ref',
];
