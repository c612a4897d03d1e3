import {
  compareTrees,
  findEntry,
  type GitBlob,
  type GitChanges,
  type GitCommit,
  type GitTree,
} from '../model/gitObjects';
import type { Place } from './renderGit';

/**
 * The files that are different between two trees. A file that was moved without a change is renamed; GitHub finds moved
 * files that were changed too. There are no patches.
 *
 * @param commit - at which the files are shown
 */
export function renderFiles(
  { url, pageUrl }: Place,
  before: GitTree | undefined,
  commit: GitCommit,
) {
  const changes = compareTrees(before, commit.tree);
  const old = (path: string) => findBlob(before, path);
  const now = (path: string) => findBlob(commit.tree, path);
  const origins = findOrigins(changes, old, now);
  const moved = new Set(origins.values());
  const render = (path: string, status: string) => {
    const origin = origins.get(path);
    const counts = countLines(old(origin ?? path), now(path));
    const encoded = encodeURI(path);
    return {
      sha: (now(path) ?? old(path))?.oid,
      filename: path,
      status: origin === undefined ? status : 'renamed',
      ...counts,
      changes: counts.additions + counts.deletions,
      blob_url: `${pageUrl}/blob/${commit.oid}/${encoded}`,
      raw_url: `${pageUrl}/raw/${commit.oid}/${encoded}`,
      contents_url: `${url}/contents/${encoded}?ref=${commit.oid}`,
      ...(origin !== undefined && { previous_filename: origin }),
    };
  };
  return [
    ...changes.added.map(path => render(path, 'added')),
    ...changes.modified.map(path => render(path, 'modified')),
    ...changes.removed
      .filter(path => !moved.has(path))
      .map(path => render(path, 'removed')),
  ].sort((a, b) => (a.filename < b.filename ? -1 : 1));
}

/** Where files with the same content were, by where they are. */
function findOrigins(
  { added, removed }: GitChanges,
  old: (path: string) => GitBlob | undefined,
  now: (path: string) => GitBlob | undefined,
): Map<string, string> {
  const left = [...removed];
  const origins = new Map<string, string>();
  for (const path of added) {
    const index = left.findIndex(each => old(each)?.oid === now(path)?.oid);
    if (index !== -1) {
      const [origin] = left.splice(index, 1);
      origins.set(path, origin);
    }
  }
  return origins;
}

/** All lines between the first and the last that is different: more than a real difference may count. */
function countLines(before: GitBlob | undefined, after: GitBlob | undefined) {
  const old = splitLines(before);
  const now = splitLines(after);
  const shorter = Math.min(old.length, now.length);
  let start = 0;
  while (start < shorter && old[start] === now[start]) {
    start += 1;
  }
  let end = 0;
  while (
    end < shorter - start &&
    old[old.length - 1 - end] === now[now.length - 1 - end]
  ) {
    end += 1;
  }
  return {
    additions: now.length - start - end,
    deletions: old.length - start - end,
  };
}

function splitLines(blob: GitBlob | undefined): string[] {
  return blob?.content.toString().match(/[^\n]*\n|[^\n]+/g) ?? [];
}

function findBlob(
  tree: GitTree | undefined,
  path: string,
): GitBlob | undefined {
  const entry = tree && findEntry(tree, path);
  return entry?.type === 'blob' ? entry : undefined;
}
